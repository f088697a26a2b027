// The rows, by section. Covered by tests/server/config/option_table_test.cc.
#include "apps/server/config/option_table.h"

#include <array>

#include "apps/server/config/access_options.h"
#include "apps/server/config/limit_options.h"
#include "apps/server/config/texts.h"
#include "apps/server/config/tls_options.h"

namespace server {

namespace {

using options::Kind;
using options::Option;

constexpr std::string_view general = "General";
constexpr std::string_view serving = "Serving";
constexpr std::string_view responses = "Responses";
constexpr std::string_view proxies = "Proxies";
constexpr std::string_view logs = "Logs";
constexpr std::string_view configuration = "Configuration";

// Linux is built for at most this many CPUs on the largest machines.
constexpr std::uint64_t most_workers = 8192;

constexpr std::array serving_rows = {
    Option{.name = "root",
           .kind = Kind::directory,
           .metavar = "ROOT",
           .help = "directory to serve",
           .default_text = ".",
           .example = "/srv/files",
           .is_operand = true,
           .needs_new_process = true},
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

    Option{.name = "listen",
           .short_name = 'l',
           .metavar = "ADDR",
           .section = serving,
           .help = "address to listen on, as 0.0.0.0:80, [::1]:8080, :8080 (all addresses) or "
                   "unix:/run/quoit.sock; port 0 is any free port. http:ADDR speaks no TLS",
           .default_text = "127.0.0.1:8080",
           .allowed = "ADDRESS:PORT, [IPV6]:PORT, :PORT or unix:PATH",
           .example = ":8080",
           .repeatable = true,
           .is_required = true,
           .needs_new_process = true},
    Option{.name = "admin",
           .metavar = "ADDR",
           .section = serving,
           .help = "address for health, metrics and a status page; there is no password",
           .default_note = "off",
           .allowed = "ADDRESS:PORT, [IPV6]:PORT, :PORT or unix:PATH",
           .example = "127.0.0.1:9180",
           .needs_new_process = true},
    Option{.name = "control",
           .kind = Kind::file,
           .metavar = "PATH",
           .section = serving,
           .help = "unix socket by which a quoitd that is started later takes over",
           .details = "It gets the listening sockets; the old one finishes its requests and exits, "
                      "and no connection is refused or reset.",
           .allowed = "the path of a socket",
           .example = "/run/quoitd.control",
           .needs_new_process = true},
    Option{.name = "writable",
           .short_name = 'w',
           .kind = Kind::flag,
           .section = serving,
           .help = "allow PUT, DELETE, PATCH, MKCOL and MOVE",
           .details = "Without --users and --allow, everyone who reaches the address may write.",
           .default_note = "read-only"},
    Option{.name = "durability",
           .kind = Kind::choice,
           .section = serving,
           .help = "what a power cut leaves of an upload. none: what the kernel had written, at "
                   "full speed, as caches want it; data: the old file or the new one, whole; full: "
                   "every upload that was confirmed",
           .default_text = "none",
           .example = "data",
           .choices = "none|data|full"},
    Option{.name = "resumable",
           .kind = Kind::choice,
           .section = serving,
           .help = "with --writable: let clients go on with an upload whose connection broke, by "
                   "PUT with Upload-Complete and PATCH (draft-ietf-httpbis-resumable-upload)",
           .default_text = "on",
           .example = "off",
           .choices = "on|off"},
    Option{.name = "upload-expiry",
           .kind = Kind::seconds,
           .metavar = "SECONDS",
           .section = serving,
           .help = "time for which an upload that is not finished is kept after its last byte",
           .details = "A finished one is known for that time, and for a day at most, so that a "
                      "client that has lost the answer can ask again.",
           .default_text = "86400",
           .example = "3600",
           .least = 1,
           .most = 30 * day_ms},
    Option{.name = "dot-files",
           .kind = Kind::flag,
           .section = serving,
           .help = "serve names that begin with a dot, too"},
    Option{.name = "index",
           .metavar = "FILE",
           .section = serving,
           .help = "name of the file that is sent for its directory",
           .default_text = "index.html",
           .allowed = "a file's name",
           .example = "home.html",
           .repeatable = true},
    Option{.name = "not-found",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = serving,
           .help = "page under ROOT that is sent with status 404 where no file is found",
           .default_note = "404.html where it exists",
           .allowed = "the path of a file under ROOT",
           .example = "errors/404.html"},
    Option{.name = "fallback",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = serving,
           .help = "page under ROOT that is sent with status 200 where no file is found",
           .allowed = "the path of a file under ROOT",
           .example = "app.html"},
    Option{.name = "sandbox",
           .kind = Kind::choice,
           .section = serving,
           .help =
               "let the kernel refuse quoitd all files but those under ROOT, of its logs and of "
               "its configuration, and all system calls that it does not need",
           .default_text = "on",
           .example = "off",
           .choices = "on|off",
           .needs_new_process = true},
    Option{.name = "user",
           .metavar = "NAME[:GROUP]",
           .section = serving,
           .help = "user that quoitd becomes once it has opened its addresses and logs, by name or "
                   "number; quoitd has to be started as root",
           .default_note = "the user that starts it",
           .allowed = "NAME or NAME:GROUP",
           .example = "www-data",
           .needs_new_process = true},
    Option{.name = "workers",
           .kind = Kind::count,
           .metavar = "N",
           .section = serving,
           .help = "threads, each with an I/O engine of its own",
           .default_text = "0",
           .default_note = "one for each CPU",
           .example = "4",
           .most = most_workers,
           .needs_new_process = true},
    Option{.name = "io",
           .kind = Kind::choice,
           .section = serving,
           .help =
               "I/O engine: ring is io_uring; auto is io_uring, and epoll where the kernel or a "
               "container refuses it",
           .default_text = "auto",
           .example = "epoll",
           .choices = "auto|ring|epoll",
           .needs_new_process = true},
};

constexpr std::array response_rows = {
    Option{.name = "listing",
           .kind = Kind::choice,
           .section = responses,
           .help = "list the contents of a directory that has no index file",
           .details = "A browser gets a page. A program gets JSON for ?json or Accept: "
                      "application/json.",
           .default_text = "on",
           .example = "off",
           .choices = "on|off"},
    Option{.name = "archive",
           .kind = Kind::choice,
           .section = responses,
           .help = "send a directory as an archive where the request asks for DIR/?tar or DIR/?zip",
           .details = "It has the files that the listing shows. With --listing off there is none.",
           .default_text = "on",
           .example = "off",
           .choices = "on|off"},
    Option{.name = "precompressed",
           .kind = Kind::choice,
           .section = responses,
           .help = "send FILE.br, FILE.zst or FILE.gz for FILE where it exists, is not older than "
                   "FILE, and the client accepts it",
           .default_text = "off",
           .example = "on",
           .choices = "on|off"},
    Option{.name = "header",
           .metavar = "LINE",
           .section = responses,
           .help = "'Name: value' to add to every response",
           .details = "Fields that frame a message, and fields that quoitd writes itself, are "
                      "refused.",
           .allowed = "'Name: value' for a field that quoitd does not write itself",
           .example = "X-Team: build",
           .repeatable = true,
           .separator = '\n'},
    Option{.name = "cors",
           .metavar = "ORIGIN",
           .section = responses,
           .help = "let web pages of ORIGIN use this server, with --writable also to write: an "
                   "origin as https://example.org, or '*' for any",
           .allowed = "an origin, or '*' for any",
           .example = "https://example.org",
           .repeatable = true},

    Option{.name = "trust",
           .metavar = "NETWORK",
           .section = proxies,
           .help = "proxies that are believed when they announce the address of a client: an "
                   "address, a network as 10.0.0.0/8, or unix for those on unix sockets",
           .details = "Logs and --max-connections-per-address then use the announced address.",
           .default_note = "none",
           .allowed = "an IP address, a network as 10.0.0.0/8 or 2001:db8::/32, or unix",
           .example = "10.0.0.0/8",
           .repeatable = true},
    Option{.name = "forwarded",
           .kind = Kind::choice,
           .section = proxies,
           .help = "request field in which these proxies announce the client. A proxy passes the "
                   "other field on as the client sent it, so that only one is believed",
           .default_text = "x-forwarded-for",
           .example = "forwarded",
           .choices = "x-forwarded-for|forwarded"},
    Option{.name = "proxy-protocol",
           .kind = Kind::flag,
           .section = proxies,
           .help = "connections from --trust begin with a PROXY header, version 1 or 2; those "
                   "without it are closed"},

    Option{.name = "access-log",
           .kind = Kind::file,
           .metavar = "FILE|-|off",
           .section = logs,
           .help = "a line for each request, to FILE or to standard output (-)",
           .details = "SIGHUP and SIGUSR1 open the file again.",
           .default_text = "-",
           .allowed = "the path of a file, - or off",
           .example = "/var/log/quoitd.log"},
    Option{.name = "log-format",
           .metavar = "FORMAT",
           .section = logs,
           .help = "format of the access log: combined, common, json, or letters of Apache's "
                   "LogFormat as in '%h %t \"%r\" %>s %b %D'",
           .details =
               "The letters are %h %a %{c}a %l %u %t %{...}t %r %m %U %q %H %s %>s %b %B %O %D "
               "%T %{ms}T %X, %{NAME}i for a request field, and %%. Fields with credentials "
               "are refused.",
           .default_text = "combined",
           .allowed = "combined, common, json, or letters of Apache's LogFormat as in '%h %t "
                      "\"%r\" %>s %b %D'",
           .example = "json",
           .choices = "combined|common|json"},
    Option{.name = "log-heads",
           .kind = Kind::file,
           .metavar = "FILE|-",
           .section = logs,
           .help = "for debugging: the head of each request and response, credentials masked",
           .allowed = "the path of a file, or -",
           .example = "/tmp/heads.log"},
};

constexpr std::array configuration_rows = {
    Option{.name = "config",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = configuration,
           .help =
               "read options from FILE, one a line, as max-head = \"32K\". The command line comes "
               "first, then the environment (QUOIT_MAX_HEAD=32K), then FILE",
           .example = "/etc/quoitd.toml",
           .in_file = false},
    Option{.name = "check-config",
           .kind = Kind::flag,
           .section = configuration,
           .help = "check all options without serving, and exit",
           .in_environment = false,
           .in_file = false},
    Option{.name = "explain",
           .metavar = "REQUEST",
           .section = configuration,
           .help = "print which rule of --allow decides about a request as 'alice PUT /in/x', and "
                   "exit; the user is anyone for a request without a password",
           .allowed = "'USER METHOD PATH', with anyone in place of a user",
           .example = "alice PUT /incoming/x",
           .in_environment = false,
           .in_file = false},
    Option{.name = "print-config",
           .kind = Kind::flag,
           .section = configuration,
           .help = "print all options as a FILE for --config, each with its source, and exit",
           .in_environment = false,
           .in_file = false},
};

// One array of the rows of several.
template <std::size_t... sizes>
constexpr auto join(const std::array<Option, sizes>&... parts) {
  std::array<Option, (sizes + ...)> all{};
  std::size_t size = 0;
  const auto add = [&](const auto& part) {
    for (const Option& option : part) all[size++] = option;
  };
  (add(parts), ...);
  return all;
}

constexpr auto rows = join(serving_rows, tls_options, access_options, response_rows, limit_options,
                           configuration_rows);

}  // namespace

constexpr options::Program program{
    .name = "quoitd",
    .summary = "serve the files of a directory over HTTP/1.1",
    .date = "November 29, 2026",
    .usage = texts::usage,
    .description =
        "quoitd serves the files of a directory over HTTP/1.1 and, where allowed, stores them.",
    .options = rows,
    .examples = texts::examples,
    .exit_statuses = texts::exit_statuses,
    .files = texts::files,
    .signals = texts::signals,
    .see_also = "quoit",
};

}  // namespace server
