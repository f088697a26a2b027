// Config: everything that a person can set, read once at start and never changed.
//
// Each limit has a default and a reason. The command line becomes a Config in one place
// (config.cc), which also writes --help. Covered by tests/server/config_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/extra_fields.h"
#include "parser/limits.h"

namespace server {

// One --listen: where connections are accepted.
struct ListenAddress {
  std::string host;         // an IPv4 or IPv6 address without brackets; empty for a unix socket
  std::uint16_t port = 0;   // 0: the kernel picks one
  std::string unix_path;    // empty for TCP
  bool any_family = false;  // ":8080": all addresses, IPv6 and IPv4
};

// Reads "127.0.0.1:8080", "[::1]:8080", ":8080" or "unix:/run/quoit.sock". Empty if it is none.
std::optional<ListenAddress> parse_listen(std::string_view text);

// Reads a count of bytes with an optional unit: "4096", "64K", "10M", "2G", "1T" (powers of 1024).
std::optional<std::uint64_t> parse_bytes(std::string_view text);

enum class LogFormat : std::uint8_t { combined, json };

// What an answered write outlasts. A reader sees a whole file in any case.
enum class Durability : std::uint8_t {
  none,  // the end of this process, not a power cut within the half minute that the kernel buffers
  data,  // a power cut leaves the old file or the new one, whole: fdatasync before the rename
  full,  // a power cut after the answer: fsync of the file, then of the directories
};

// Time a peer has, in milliseconds.
struct Patience {
  // From a request's first byte to its blank line: an honest client sends both in one go.
  std::int64_t head_ms = 10'000;
  // Between two requests: browsers and proxies keep a connection for about a minute.
  std::int64_t idle_ms = 60'000;
  // For the next bytes of a body, either way: a phone in a tunnel comes back within half a minute.
  std::int64_t body_ms = 30'000;
  // Bytes a second that a body must make on average after that: slower is not a transfer.
  std::uint64_t lowest_rate = 256;
  // For in-flight requests after the first SIGTERM.
  std::int64_t grace_ms = 10'000;
};

struct Config {
  std::string root = ".";
  // What one worker remembers of files, in bytes: the hot part of a package mirror or a build
  // cache.
  std::uint64_t cache_bytes = 64 * 1024 * 1024;
  std::vector<ListenAddress> listen;
  bool writable = false;
  bool dot_files = false;
  bool listing = true;           // who asks for files to be handed around wants to see them
  bool precompressed = false;    // a.css.gz for a.css; off: up to three look-ups more for each file
  unsigned workers = 0;          // 0: one for each CPU that this process may use
  std::string io = "auto";       // what moves the bytes: auto, ring or epoll
  std::string access_log = "-";  // a file, "-" or "off"
  LogFormat log_format = LogFormat::combined;
  std::string log_heads;  // a file or "-"; empty: off
  std::vector<std::string> index = {"index.html"};
  std::string not_found;       // page for 404; empty: 404.html in root where it exists
  std::string fallback;        // page for 200 where nothing is found; empty: none
  std::uint64_t max_body = 0;  // bytes of one PUT; 0: what the disk holds
  std::uint64_t reserve = 0;   // bytes of the disk that uploads leave free
  Durability durability = Durability::none;  // as caches want it; a sync takes milliseconds
  std::uint64_t max_connections = 0;         // in all; 0: from the limit of open files
  std::uint64_t max_from_address = 0;        // connections of one address or IPv6 /64; 0: any
  std::uint32_t max_requests = 0;            // on one connection; 0: any
  Patience patience;
  http1::Limits limits;
  ExtraFields extra_fields;  // --header and --cors
};

// How the reading of the command line ended.
struct ParseOutcome {
  bool run = false;  // false: exit with `status`, everything has been said
  int status = 0;
};

// Fills `config` from the command line; writes help, version or one line of error itself.
ParseOutcome parse_command_line(int argc, char** argv, Config& config);

}  // namespace server
