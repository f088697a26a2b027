// Settings and Plan: the command line, decided.
//
// options.cc reads the command line into Arguments, which are still text; make_plan() turns those
// into jobs, whose URLs are valid and whose files are named. Everything here is plain data.
// Covered by tests/client/command/plan_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/proxy.h"
#include "apps/client/command/sha256.h"
#include "apps/client/command/url.h"
#include "apps/client/command/verb.h"

namespace client {

enum class ProgressMode { automatic, on, off };

// Where --json writes its events: where no body is written.
enum class Events { none, standard_output, standard_error };

// A field that -H adds, or that replaces one of quoit's own.
struct HeaderLine {
  std::string name;
  std::string value;  // empty: the field is not sent
};

// Says whether the field makes a PUT or a DELETE depend on the version of the file. RFC 9110 13.1.
[[nodiscard]] bool is_precondition(const HeaderLine& header);

// Times are in milliseconds; 0 is no limit.
struct Settings {
  std::int64_t connect_timeout_ms = 10'000;  // for the host's name, and for each of its addresses
  std::int64_t idle_timeout_ms = 60'000;     // while nothing moves
  std::int64_t max_time_ms = 0;              // for the whole run
  std::uint64_t most_bytes_per_s = 0;        // of all transfers; 0: no limit
  std::uint64_t least_bytes_per_s = 0;       // of each transfer; 0: no limit
  std::int64_t speed_window_ms = 30'000;     // over which that is measured
  unsigned retries = 0;                      // further tries of a job that fails
  std::int64_t retry_delay_ms = 0;           // the pause before each; 0: a growing one
  std::vector<HeaderLine> headers = {};
  bool verbose = false;
  bool quiet = false;
  ProgressMode progress = ProgressMode::automatic;
  bool makes_directories = false;  // those that lead to the file of a download
  bool keeps_files = false;        // a file that exists is not downloaded
  bool takes_header_name = false;  // Content-Disposition names the file of a download
  bool keeps_times = false;        // the time of the last modification goes with a file
  bool keeps_origin = false;       // a file gets its URL as an extended attribute
  bool continues = false;          // a file that exists is taken for the beginning of the download
  bool only_newer = false;         // download only a version that is newer than the file
  bool if_absent = false;          // upload only where there is no file
  std::string if_match = {};       // replace or delete only this version, an ETag; empty: any
  bool verifies = false;           // files are compared with a SHA-256
  // The one that the file of the run has; none: the server announces it, or quoit computes it.
  std::optional<Sha256> expected_digest = {};
  std::string user = {};          // NAME[:PASSWORD] for the servers of all URLs; empty: none
  std::string token_file = {};    // a file with a token for them; empty: none
  bool uses_netrc = false;        // look the servers up in a .netrc
  std::string netrc_file = {};    // its path; empty: the usual one
  std::string proxy = {};         // the URL of a proxy for all requests; empty: none
  std::string no_proxy = {};      // hosts that need none, in place of no_proxy
  Proxies proxies = {};           // of both, and of the environment
  std::string unix_socket = {};   // connect to this socket instead of the URL's host
  std::string authorities = {};   // a file of certificate authorities; empty: the system's
  std::string certificate = {};   // the client's own certificate; empty: none
  std::string key = {};           // its key; empty: the file of the certificate has it
  bool insecure = false;          // accept any certificate of a server
  unsigned parallel = 1;          // how many jobs run at once
  bool removes_surplus = false;   // sync: remove files that the source lacks
  bool compares_digests = false;  // sync: files of equal size are compared by their SHA-256
  bool is_dry_run = false;        // sync: show the plan alone
  bool is_recursive = false;      // directories are transferred with all below them
  bool fails_early = false;       // after a failure no further job begins
  bool shows_details = false;     // ls: the size and the time of each entry, too
  Events events = Events::none;   // in place of messages for people
  std::string io = "auto";        // the engine: auto, ring or epoll
};

// The name that stands for standard input or output.
inline constexpr const char* standard_stream = "-";

// The version of a file that a server may replace or delete.
struct Condition {
  bool is_absent = false;                            // there is none
  std::string tag = {};                              // the one of this strong ETag
  std::optional<std::int64_t> unchanged_since = {};  // none that is later, in Unix seconds

  [[nodiscard]] bool is_set() const { return is_absent || !tag.empty() || unchanged_since; }
};

struct Job {
  Verb verb = Verb::get;
  Url where = {};
  std::string file = {};           // get: the output, put: the input; "-" for a standard stream
  bool takes_header_name = false;  // get: Content-Disposition may name another in its directory
  // `where` and `file` are directories, which end in a slash; all below them is transferred. An
  // empty file is the current directory.
  bool is_tree = false;
  unsigned connections = 1;  // get: that may get ranges of the file at once
  unsigned depth = 0;        // directories of a tree around it
  bool is_upload = false;    // sync: from `file` to `where`
  bool is_compared = false;  // get, put: only if the two files differ
  bool is_local = false;     // remove: `file`, which is a directory if it ends in a slash
  Condition condition = {};  // put, remove: of the file at `where`
  ExitReason problem = {};   // the job can only fail, for this reason
};

struct Plan {
  Settings settings = {};
  std::vector<Job> jobs = {};
};

// The command line, split but not yet interpreted.
struct Arguments {
  Verb verb = Verb::get;
  std::vector<std::string> urls = {};     // put: one
  std::string url_list = {};              // a file with more of them, "-" for standard input
  std::vector<std::string> inputs = {};   // put: the files; sync: source and target
  std::string file = {};                  // get: -o
  std::string user = {};                  // passwd: NAME
  std::vector<std::string> headers = {};  // "Name: value"
  std::string verify = {};                // --verify: "sha-256", or "sha-256=HEX"; empty: none
  Settings settings = {};                 // all but the headers

  // HOST PORT GET|PUT /FILE, where `method` is not empty.
  std::string host = {};
  std::string port = {};
  std::string method = {};
  std::string path = {};
};

// Adds the URLs of a list, one a line, to arguments.urls. White space around them, empty lines, and
// lines that begin with "#" are left out.
void add_urls(std::string_view list, Arguments& arguments);

// Turns arguments into a plan. Fails with usage, bad_url or unsupported_scheme.
[[nodiscard]] ExitReason make_plan(const Arguments& arguments, Plan& plan);

}  // namespace client
