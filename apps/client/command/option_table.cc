// The rows, by section. Covered by tests/client/command/option_table_test.cc.
#include "apps/client/command/option_table.h"

#include <algorithm>
#include <array>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/network_options.h"
#include "apps/client/command/texts.h"
#include "apps/client/command/verb.h"

namespace client {

namespace {

using options::Kind;
using options::Option;

constexpr std::string_view downloads = "Downloads";
constexpr std::string_view many = "Several files";
constexpr std::string_view directories = "Directories";
constexpr std::string_view general = "General";

// More connections at once would be taken for an attack.
constexpr std::uint64_t most_parallel = 64;

constexpr std::array first_rows = {
    Option{.name = "file",
           .kind = Kind::file,
           .metavar = "FILE",
           .help = "a file to send, or - for standard input",
           .allowed = "the path of a file, or -",
           .example = "notes.txt",
           .repeatable = true,
           .is_operand = true,
           .is_required = true,
           .verbs = mask(Verb::put)},
    Option{.name = "target",
           .metavar = "URL",
           .help = "where the file goes; behind a slash at the end, FILE's name is added; several "
                   "files need a slash",
           .allowed = "a URL",
           .example = "http://127.0.0.1:8080/",
           .is_operand = true,
           .is_required = true,
           .verbs = mask(Verb::put)},
    Option{.name = "urls",
           .metavar = "URL",
           .help = "a file on a server; without a scheme it is http://",
           .allowed = "a URL",
           .example = "http://127.0.0.1:8080/notes.txt",
           .repeatable = true,
           .is_operand = true,
           .verbs = mask(Verb::get) | mask(Verb::head) | mask(Verb::remove)},

    Option{.name = "source",
           .metavar = "SOURCE",
           .help = "a directory here, or the URL of one on a server, with its http://",
           .allowed = "a directory or a URL",
           .example = "photos",
           .is_operand = true,
           .is_required = true,
           .verbs = mask(Verb::sync)},
    Option{.name = "destination",
           .metavar = "TARGET",
           .help = "the directory that becomes like it; one of the two is a URL",
           .allowed = "a directory or a URL",
           .example = "http://127.0.0.1:8080/photos/",
           .is_operand = true,
           .is_required = true,
           .verbs = mask(Verb::sync)},
    Option{.name = "directory",
           .metavar = "URL",
           .help = "a directory on a server; without a scheme it is http://",
           .allowed = "a URL",
           .example = "http://127.0.0.1:8080/photos/",
           .is_operand = true,
           .is_required = true,
           .verbs = mask(Verb::ls)},

    Option{.name = "name",
           .metavar = "NAME",
           .help = "the name of the user",
           .allowed = "a name without white space and colons",
           .example = "alice",
           .is_operand = true,
           .is_required = true,
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
           .verbs = mask(Verb::get)},
    Option{.name = "remote-name",
           .short_name = 'O',
           .kind = Kind::flag,
           .section = downloads,
           .help = "name the file after the last segment of the URL, as without -o",
           .verbs = mask(Verb::get)},

    Option{.name = "remote-header-name",
           .short_name = 'J',
           .kind = Kind::flag,
           .section = downloads,
           .help =
               "name the file as the server suggests (Content-Disposition), if no file has that "
               "name yet",
           .verbs = mask(Verb::get)},
    Option{.name = "continue",
           .short_name = 'c',
           .kind = Kind::flag,
           .section = downloads,
           .help = "take a file that exists for the beginning of the download, and get the rest; "
                   "quoit uses what it has kept itself without this option",
           .verbs = mask(Verb::get)},
    Option{.name = "create-dirs",
           .kind = Kind::flag,
           .section = downloads,
           .help = "make the directories that lead to the file of -o",
           .verbs = mask(Verb::get)},
    Option{.name = "xattr",
           .kind = Kind::flag,
           .section = downloads,
           .help = "keep the URL, without credentials, in the extended attribute "
                   "user.xdg.origin.url of the file",
           .verbs = mask(Verb::get)},
    Option{.name = "newer",
           .short_name = 'N',
           .kind = Kind::flag,
           .section = downloads,
           .help = "download only a version that is newer than the file, which then gets its time",
           .verbs = mask(Verb::get)},
    Option{.name = "no-clobber",
           .kind = Kind::flag,
           .section = downloads,
           .help = "leave a file that exists alone, without asking the server",
           .verbs = mask(Verb::get)},

    Option{.name = "input-file",
           .short_name = 'i',
           .kind = Kind::file,
           .metavar = "FILE",
           .section = many,
           .help = "take more URLs from FILE, one a line, or from standard input for -; lines that "
                   "begin with # are left out",
           .allowed = "the path of a file with URLs, or -",
           .example = "urls.txt",
           .verbs = mask(Verb::get) | mask(Verb::head) | mask(Verb::remove)},
    Option{.name = "parallel",
           .short_name = 'j',
           .kind = Kind::count,
           .metavar = "N",
           .section = many,
           .help = "transfer N files at once, or N parts of one large file, each over a connection "
                   "of its own",
           .default_text = "1",
           .default_note = "4 for directories",
           .example = "8",
           .least = 1,
           .most = most_parallel,
           .verbs = mask(Verb::get) | mask(Verb::put) | mask(Verb::remove) | mask(Verb::sync)},
    Option{.name = "fail-early",
           .kind = Kind::flag,
           .section = many,
           .help = "begin no further file after the first failure",
           .verbs = transfers},

    Option{.name = "recursive",
           .short_name = 'r',
           .kind = Kind::flag,
           .section = directories,
           .help = "transfer directories with all below them, with the times of the files",
           .verbs = mask(Verb::get) | mask(Verb::put)},
    Option{.name = "delete",
           .kind = Kind::flag,
           .section = directories,
           .help = "delete from TARGET the files that SOURCE lacks, once everything else is done",
           .verbs = mask(Verb::sync)},
    Option{.name = "checksum",
           .kind = Kind::flag,
           .section = directories,
           .help = "compare files of equal size by their SHA-256, which the server computes for a "
                   "HEAD of each, and not by their times",
           .verbs = mask(Verb::sync)},
    Option{.name = "dry-run",
           .kind = Kind::flag,
           .section = directories,
           .help = "show the steps, and do none of them",
           .verbs = mask(Verb::sync)},
    Option{.name = "long",
           .short_name = 'l',
           .kind = Kind::flag,
           .section = directories,
           .help = "show the size in bytes and the time of the last modification (UTC), too",
           .verbs = mask(Verb::ls)},

    Option{.name = "if-absent",
           .kind = Kind::flag,
           .section = requests,
           .help = "upload only where the server has no such file yet",
           .verbs = mask(Verb::put)},
    Option{.name = "if-match",
           .metavar = "TAG",
           .section = requests,
           .help = "replace or delete only the version whose ETag is TAG; quotes may be left out",
           .allowed = "a strong ETag, as quoit head shows it",
           .example = "18ecd4a1f418f05f-30d40",
           .verbs = mask(Verb::put) | mask(Verb::remove)},
    Option{.name = "verify",
           .metavar = "sha-256[=HEX]",
           .section = requests,
           .help = "save a file only if its SHA-256 is HEX, or the one that the server announces; "
                   "an upload announces it, and the server compares",
           .allowed = "sha-256, or sha-256= and 64 hexadecimal digits",
           .example = "sha-256",
           .choices = "sha-256",
           .verbs = mask(Verb::get) | mask(Verb::put) | mask(Verb::sync)},
    Option{.name = "remote-time",
           .short_name = 'R',
           .kind = Kind::flag,
           .section = requests,
           .help = "keep the time of the last modification, by Last-Modified and X-OC-MTime",
           .verbs = mask(Verb::get) | mask(Verb::put)},
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
           .separator = '\n',
           .verbs = transfers},
};

constexpr std::array last_rows = {
    Option{.name = "verbose",
           .short_name = 'v',
           .kind = Kind::flag,
           .section = general,
           .help = "show the heads of requests and responses, credentials masked",
           .verbs = transfers},
    Option{.name = "quiet",
           .short_name = 'q',
           .kind = Kind::flag,
           .section = general,
           .help = "show nothing but errors",
           .verbs = transfers},
    Option{.name = "silent",
           .short_name = 's',
           .kind = Kind::flag,
           .section = general,
           .help = "as --quiet, for people who know curl",
           .verbs = transfers},
    Option{.name = "location",
           .short_name = 'L',
           .kind = Kind::flag,
           .section = general,
           .help = "for people who know curl: redirects are followed anyway",
           .verbs = transfers},
    Option{.name = "fail",
           .short_name = 'f',
           .kind = Kind::flag,
           .section = general,
           .help = "for people who know curl: a status of 400 and above is an error anyway",
           .verbs = transfers},
    Option{.name = "show-error",
           .short_name = 'S',
           .kind = Kind::flag,
           .section = general,
           .help = "for people who know curl: errors are shown anyway",
           .verbs = transfers},
    Option{.name = "progress",
           .kind = Kind::choice,
           .section = general,
           .help = "show the progress of transfers; auto: on a terminal",
           .default_text = "auto",
           .example = "off",
           .choices = "auto|on|off",
           .verbs = transfers},
    Option{.name = "json",
           .kind = Kind::flag,
           .section = general,
           .help = "show events for programs in place of messages: one JSON object a line on "
                   "standard output, or on standard error where a file or a head takes that",
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
           .verbs = transfers},
    Option{.name = "help",
           .short_name = 'h',
           .kind = Kind::flag,
           .section = general,
           .help = "show this help and exit"},
    Option{.name = "version",
           .short_name = 'V',
           .kind = Kind::flag,
           .section = general,
           .help = "show the version and the I/O engine that this machine allows, and exit"},
};

// There is no configuration file, and QUOIT_IO is the only variable.
constexpr auto rows = [] {
  std::array<Option, first_rows.size() + network_rows.size() + last_rows.size()> changed;
  auto next = std::copy(first_rows.begin(), first_rows.end(), changed.begin());
  next = std::copy(network_rows.begin(), network_rows.end(), next);
  std::copy(last_rows.begin(), last_rows.end(), next);
  for (Option& row : changed) {
    row.in_file = false;
    row.in_environment = row.name == "io";
  }
  return changed;
}();

}  // namespace

constexpr options::Program program{
    .name = "quoit",
    .summary = "download files from an HTTP server, and upload files to it",
    .date = "November 29, 2026",
    .usage = texts::usage,
    .description = "quoit downloads files from an HTTP server, and uploads files to it.",
    .options = rows,
    .verbs = texts::verbs,
    .examples = texts::examples,
    .exit_statuses = texts::exit_statuses,
    .signals = texts::signals,
    .see_also = "quoitd",
    .usage_status = static_cast<int>(ExitCode::usage),
    .config_status = static_cast<int>(ExitCode::usage),
};

}  // namespace client
