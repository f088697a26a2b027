// The rows, by section. Covered by tests/client/command/option_table_test.cc.
#include "apps/client/command/option_table.h"

#include <array>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/verb.h"

namespace client {

namespace {

using options::Kind;
using options::Option;
using options::Term;

constexpr options::Verbs mask(Verb verb) { return 1U << static_cast<unsigned>(verb); }

// The verbs that have to do with a server.
constexpr options::Verbs transfers =
    mask(Verb::get) | mask(Verb::put) | mask(Verb::head) | mask(Verb::remove);

constexpr std::string_view downloads = "Downloads";
constexpr std::string_view requests = "Requests";
constexpr std::string_view tls = "TLS";
constexpr std::string_view times = "Time limits";
constexpr std::string_view general = "General";

// A longer time limit is a mistake: five weeks.
constexpr std::uint64_t longest_ms = 3'000'000'000;

constexpr std::array rows = {
    Option{.name = "file",
           .kind = Kind::file,
           .metavar = "FILE",
           .help = "the file to send, or - for standard input",
           .allowed = "the path of a file, or -",
           .example = "notes.txt",
           .is_operand = true,
           .is_required = true,
           .in_environment = false,
           .in_file = false,
           .verbs = mask(Verb::put)},
    Option{.name = "target",
           .metavar = "URL",
           .help = "where the file goes; behind a slash at the end, FILE's name is added",
           .allowed = "a URL",
           .example = "http://127.0.0.1:8080/",
           .is_operand = true,
           .is_required = true,
           .in_environment = false,
           .in_file = false,
           .verbs = mask(Verb::put)},
    Option{.name = "urls",
           .metavar = "URL",
           .help = "a file on a server; without a scheme it is http://",
           .allowed = "a URL",
           .example = "http://127.0.0.1:8080/notes.txt",
           .repeatable = true,
           .is_operand = true,
           .is_required = true,
           .in_environment = false,
           .in_file = false,
           .verbs = mask(Verb::get) | mask(Verb::head) | mask(Verb::remove)},

    Option{.name = "name",
           .metavar = "NAME",
           .help = "the name of the user",
           .allowed = "a name without white space and colons",
           .example = "alice",
           .is_operand = true,
           .is_required = true,
           .in_environment = false,
           .in_file = false,
           .verbs = mask(Verb::passwd)},

    Option{.name = "output",
           .short_name = 'o',
           .kind = Kind::file,
           .metavar = "FILE",
           .section = downloads,
           .help = "write to FILE, following links, or into DIR/ under the name of the URL; - is "
                   "standard output",
           .allowed = "the path of a file, a directory with a slash at its end, or -",
           .example = "copy.txt",
           .in_environment = false,
           .in_file = false,
           .verbs = mask(Verb::get)},
    Option{.name = "remote-name",
           .short_name = 'O',
           .kind = Kind::flag,
           .section = downloads,
           .help = "name the file after the last segment of the URL, as without -o",
           .in_environment = false,
           .in_file = false,
           .verbs = mask(Verb::get)},

    Option{.name = "header",
           .short_name = 'H',
           .metavar = "LINE",
           .section = requests,
           .help =
               "send the field 'Name: value', in place of quoit's own of that name; 'Name:' sends "
               "none",
           .allowed = "'Name: value'",
           .example = "Accept: text/plain",
           .repeatable = true,
           .in_environment = false,
           .in_file = false,
           .separator = '\n',
           .verbs = transfers},
    Option{.name = "unix-socket",
           .kind = Kind::file,
           .metavar = "PATH",
           .section = requests,
           .help = "connect to the unix socket PATH instead of the URL's host",
           .allowed = "the path of a socket",
           .example = "/run/quoit.sock",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},

    Option{.name = "cacert",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = tls,
           .help = "trust the certificate authorities of FILE instead of those of the system",
           .allowed = "the path of a file with certificates (PEM)",
           .example = "authority.crt",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "cert",
           .short_name = 'E',
           .kind = Kind::file,
           .metavar = "FILE",
           .section = tls,
           .help = "show the server the certificate of FILE",
           .allowed = "the path of a file with a certificate (PEM)",
           .example = "me.crt",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "key",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = tls,
           .help = "the private key of --cert, where that file does not have it",
           .allowed = "the path of a file with a key (PEM)",
           .example = "me.key",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "insecure",
           .short_name = 'k',
           .kind = Kind::flag,
           .section = tls,
           .help = "accept any certificate: others may then answer in the server's place",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},

    Option{.name = "connect-timeout",
           .kind = Kind::seconds,
           .metavar = "SECONDS",
           .section = times,
           .help = "time to look up the host, to connect to each address, and for TLS; 0: no limit",
           .default_text = "10",
           .example = "2.5",
           .most = longest_ms,
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "idle-timeout",
           .kind = Kind::seconds,
           .metavar = "SECONDS",
           .section = times,
           .help = "time without a byte received or sent; 0: no limit",
           .default_text = "60",
           .example = "5",
           .most = longest_ms,
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "max-time",
           .kind = Kind::seconds,
           .metavar = "SECONDS",
           .section = times,
           .help = "time for the whole run",
           .default_text = "0",
           .default_note = "no limit",
           .example = "600",
           .most = longest_ms,
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},

    Option{.name = "verbose",
           .short_name = 'v',
           .kind = Kind::flag,
           .section = general,
           .help = "show the heads of requests and responses, credentials masked",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "quiet",
           .short_name = 'q',
           .kind = Kind::flag,
           .section = general,
           .help = "show nothing but errors",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "progress",
           .kind = Kind::choice,
           .section = general,
           .help = "show the progress of transfers; auto: on a terminal",
           .default_text = "auto",
           .example = "off",
           .choices = "auto|on|off",
           .in_environment = false,
           .in_file = false,
           .verbs = transfers},
    Option{.name = "io",
           .kind = Kind::choice,
           .section = general,
           .help =
               "I/O engine: ring is io_uring; auto is io_uring, and epoll where the kernel or a "
               "container refuses it",
           .default_text = "auto",
           .example = "epoll",
           .choices = "auto|ring|epoll",
           .in_file = false,
           .verbs = transfers},
    Option{.name = "help",
           .short_name = 'h',
           .kind = Kind::flag,
           .section = general,
           .help = "show this help and exit",
           .in_environment = false,
           .in_file = false},
    Option{.name = "version",
           .short_name = 'V',
           .kind = Kind::flag,
           .section = general,
           .help = "show the version and the I/O engine that this machine allows, and exit",
           .in_environment = false,
           .in_file = false},
};

constexpr std::array verbs = {
    options::Verb{"get", "download files",
                  "Each file is named after the last segment of its URL, or as -o says. It appears "
                  "when all of it has come, or not at all.",
                  "quoit get http://127.0.0.1:8080/notes.txt"},
    options::Verb{
        "put", "upload a file",
        "A reader of the file sees the old one until all of the new one has come. Directories "
        "that are missing on the server are made.",
        "quoit put notes.txt http://127.0.0.1:8080/"},
    options::Verb{"head", "show the fields of a response without its body", "",
                  "quoit head http://127.0.0.1:8080/notes.txt"},
    options::Verb{"delete", "delete files on the server", "",
                  "quoit delete http://127.0.0.1:8080/notes.txt"},
    options::Verb{"passwd", "print a user's line for the file of quoitd --users",
                  "Asks for the password twice on the terminal, or reads it from the first line of "
                  "a standard input that is no terminal.",
                  "quoit passwd alice >> /etc/quoit/users"},
    options::Verb{options::help_verb, "explain quoit, or a verb", "", "quoit help get"},
};

constexpr std::array usage = {
    Term{"get URL...", "downloads into files named after the URLs"},
    Term{"get URL -o FILE", "downloads into FILE; - is standard output"},
    Term{"get URL... -o DIR/", "downloads into files in DIR named after the URLs"},
    Term{"put FILE URL",
         "uploads FILE, or standard input for -; a URL that ends in a slash gets FILE's name"},
    Term{"head URL...", "shows the fields of the responses"},
    Term{"delete URL...", "deletes the files"},
    Term{"passwd NAME", "asks for a password, and prints a line for quoitd --users"},
    Term{"help [VERB]", "explains quoit or VERB with all its options"},
    Term{"HOST PORT GET /FILE", "as quoit get http://HOST:PORT/FILE"},
    Term{"HOST PORT PUT /FILE", "uploads FILE, seen from the current directory, to that path"},
};

constexpr std::array examples = {
    Term{"quoit get http://127.0.0.1:8080/notes.txt", "downloads a file"},
    Term{"tar c photos | quoit put - http://127.0.0.1:8080/photos.tar",
         "uploads the output of a program"},
    Term{"quoit get --cacert authority.crt https://files.example.org/notes.txt",
         "trusts one certificate authority only"},
};

// The numbers are curl's; exit_code.h has them.
constexpr std::array exit_statuses = {
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
    Term{"71", "no I/O engine"},
    Term{"77", "--cacert cannot be used"},
    Term{"130", "interrupted"},
};

constexpr std::array signals = {
    Term{"SIGINT, SIGTERM",
         "end the run; a file that is not complete is removed. The status is 128 and the signal's "
         "number"},
};

}  // namespace

constexpr options::Program program{
    .name = "quoit",
    .summary = "download files from an HTTP server, and upload files to it",
    .date = "November 29, 2026",
    .usage = usage,
    .description = "quoit downloads files from an HTTP server, and uploads files to it.",
    .options = rows,
    .verbs = verbs,
    .examples = examples,
    .exit_statuses = exit_statuses,
    .signals = signals,
    .see_also = "quoitd",
    .usage_status = static_cast<int>(ExitCode::usage),
    .config_status = static_cast<int>(ExitCode::usage),
};

}  // namespace client
