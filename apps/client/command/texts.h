// The texts of quoit's help and manual page that belong to no option: verbs, forms of the command
// line, examples, exit statuses and signals.
//
// Used by option_table.cc alone. Covered by tests/client/command/options_test.cc and
// tests/client/command/exit_code_test.cc.
#pragma once

#include <array>

#include "apps/options/table.h"

namespace client::texts {

using options::Term;

inline constexpr std::array verbs = {
    options::Verb{"get", "download files",
                  "Each file is named after the last segment of its URL, or as -o says. It appears "
                  "when all of it has come, or not at all. The same command goes on with a "
                  "download that broke off; .NAME.quoit-part has its bytes.",
                  "quoit get http://127.0.0.1:8080/notes.txt"},
    options::Verb{
        "put", "upload files",
        "A reader of the file sees the old one until all of the new one has come. Directories "
        "that are missing on the server are made. Where the server takes resumable uploads, as "
        "quoitd does, it keeps what has come of a file of 1 MiB or more when the connection "
        "breaks, "
        "and the same command goes on there.",
        "quoit put notes.txt http://127.0.0.1:8080/"},
    options::Verb{"head", "show the fields of a response without its body", "",
                  "quoit head http://127.0.0.1:8080/notes.txt"},
    options::Verb{"delete", "delete files on the server", "",
                  "quoit delete http://127.0.0.1:8080/notes.txt"},
    options::Verb{"ls", "list a directory on a server",
                  "A name a line, with a slash behind those of directories. The server has to list "
                  "the directory, as JSON or as an HTML page.",
                  "quoit ls -l http://127.0.0.1:8080/photos/"},
    options::Verb{"sync", "make a directory like another one",
                  "One of the two is here, the other one on a server. Files of equal size and time "
                  "are left alone; a listing of each directory tells both. Files are replaced "
                  "only if nothing else has changed them meanwhile.",
                  "quoit sync photos http://127.0.0.1:8080/photos/"},
    options::Verb{"passwd", "print a user's line for the file of quoitd --users",
                  "Asks for the password twice on the terminal, or reads it from the first line of "
                  "a standard input that is no terminal.",
                  "quoit passwd alice >> /etc/quoit/users"},
    options::Verb{options::help_verb, "explain quoit, or a verb", "", "quoit help get"},
};

inline constexpr std::array usage = {
    Term{"get URL...", "downloads into files named after the URLs"},
    Term{"get URL -o FILE", "downloads into FILE; - is standard output"},
    Term{"get URL... -o DIR/", "downloads into files in DIR named after the URLs"},
    Term{"get -r URL... -o DIR/", "downloads directories, with all below them, into DIR"},
    Term{"put FILE URL",
         "uploads FILE, or standard input for -; a URL that ends in a slash gets FILE's name"},
    Term{"put FILE... URL/", "uploads the files into that directory"},
    Term{"put -r DIR... URL/", "uploads directories, with all below them, into that one"},
    Term{"head URL...", "shows the fields of the responses"},
    Term{"delete URL...", "deletes the files"},
    Term{"ls URL", "lists the directory"},
    Term{"sync DIR URL", "makes the directory on the server like DIR"},
    Term{"sync URL DIR", "makes DIR like the directory on the server"},
    Term{"passwd NAME", "asks for a password, and prints a line for quoitd --users"},
    Term{"help [VERB]", "explains quoit or VERB with all its options"},
    Term{"HOST PORT GET /FILE", "as quoit get http://HOST:PORT/FILE"},
    Term{"HOST PORT PUT /FILE", "uploads FILE, seen from the current directory, to that path"},
};

inline constexpr std::array examples = {
    Term{"quoit get http://127.0.0.1:8080/notes.txt", "downloads a file"},
    Term{"tar c photos | quoit put - http://127.0.0.1:8080/photos.tar",
         "uploads the output of a program"},
    Term{"quoit put -u alice report.pdf https://files.example.org/incoming/",
         "uploads as alice, whose password the terminal asks for"},
    Term{"quoit get -j 8 -i urls.txt -o mirror/", "downloads a list of files, eight at once"},
    Term{"quoit get --cacert authority.crt https://files.example.org/notes.txt",
         "trusts one certificate authority only"},
};

// The numbers are curl's; exit_code.h has them.
inline constexpr std::array exit_statuses = {
    Term{"0", "done"},
    Term{"1", "a URL of another scheme than http and https"},
    Term{"2", "wrong command line"},
    Term{"3", "bad URL"},
    Term{"6", "unknown host"},
    Term{"7", "cannot connect"},
    Term{"8", "the response is not HTTP"},
    Term{"18", "the body was cut off"},
    Term{"22", "the server refused: a status of 400 or above"},
    Term{"23", "cannot write"},
    Term{"26", "cannot read"},
    Term{"28", "timeout"},
    Term{"35", "no TLS connection with the server"},
    Term{"47", "too many redirects"},
    Term{"52", "no response"},
    Term{"55", "sending failed"},
    Term{"56", "receiving failed"},
    Term{"58", "--cert or --key cannot be used"},
    Term{"60", "the server's certificate is not accepted"},
    Term{"65", "--verify: another digest than the expected one, or the server offers none"},
    Term{"71", "no I/O engine"},
    Term{"77", "--cacert cannot be used"},
    Term{"97", "a proxy refused a connection to the server"},
    Term{"130", "interrupted"},
};

inline constexpr std::array signals = {
    Term{"SIGINT, SIGTERM",
         "end the run; of a file that is not complete, the bytes are kept for the next run: of a "
         "download where the server tells its version, of an upload where the server takes "
         "resumable "
         "ones. The status is 128 and the signal's number"},
};

}  // namespace client::texts
