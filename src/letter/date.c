#include "letter/date.h"

enum { DAY_S = 86400, YEARS_FROM = 1970 };
static const int64_t last_s = 253402300799; /* 9999-12-31 23:59:59 */

struct day {
    int year;
    int month;   /* from 0 */
    int day;     /* from 1 */
    int weekday; /* 0: Sunday */
};

static int days_of_year(int year)
{
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return leap ? 366 : 365;
}

static int days_of_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && days_of_year(year) == 366);
}

/* Dates are few (one a second at most): counting the years is fast enough. */
static struct day day_of(int64_t date_s)
{
    int days = (int)(date_s / DAY_S);
    struct day d = {.year = YEARS_FROM, .weekday = (days + 4) % 7};
    while (days >= days_of_year(d.year)) {
        days -= days_of_year(d.year++);
    }
    while (days >= days_of_month(d.year, d.month)) {
        days -= days_of_month(d.year, d.month++);
    }
    d.day = days + 1;
    return d;
}

static int64_t clamped(int64_t date_s)
{
    return date_s < 0 ? 0 : date_s > last_s ? last_s : date_s;
}

void date_append_header(struct buf *out, int64_t date_s)
{
    static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed",
                                        "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr",
                                       "May", "Jun", "Jul", "Aug",
                                       "Sep", "Oct", "Nov", "Dec"};
    date_s = clamped(date_s);
    struct day d = day_of(date_s);
    int second = (int)(date_s % DAY_S);
    buf_append_format(out, "%s, %d %s %04d %02d:%02d:%02d +0000",
                      weekdays[d.weekday], d.day, months[d.month], d.year,
                      second / 3600, second / 60 % 60, second % 60);
}

void date_append_day(struct buf *out, int64_t date_s)
{
    struct day d = day_of(clamped(date_s));
    buf_append_format(out, "%04d-%02d-%02d", d.year, d.month + 1, d.day);
}
