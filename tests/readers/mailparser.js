// What does mailparser read in these letters? One JSON object for each file
// of the directory: its name, and what the tests compare.
"use strict";

const fs = require("fs");
const path = require("path");
const { simpleParser } = require("mailparser");

const plain = {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
};

function boxes(header) {
    return header ? header.value.map((box) => [box.name, box.address]) : [];
}

async function read(file) {
    const mail = await simpleParser(fs.readFileSync(file), plain);
    return {
        file: path.basename(file),
        subject: mail.subject,
        to: boxes(mail.to),
        reply_to: boxes(mail.replyTo),
        text: mail.text,
        html: mail.html,
        files: mail.attachments.map((part) => [
            part.filename, part.content.toString("base64")]),
    };
}

async function main(directory) {
    for (const name of fs.readdirSync(directory)) {
        console.log(JSON.stringify(await read(path.join(directory, name))));
    }
}

main(process.argv[2]);
