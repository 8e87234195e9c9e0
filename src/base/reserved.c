#include "base/reserved.h"

const struct span reserved_columns[RESERVED_COLUMNS] = {
    {"_status", 7},
    {"_code", 5},
    {"_enhanced", 9},
    {"_reason", 7},
};
