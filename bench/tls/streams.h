// The cases of TLS that measure the CPU time or the memory of the server. Each prints one line of
// name=value pairs. Tried by ./dev bench --tls.
#pragma once

#include <cstdint>
#include <string_view>
#include <sys/types.h>

#include "apps/crypto/client_context.h"

namespace load {

struct Target {
  std::uint16_t port = 0;
  pid_t server = 0;
  double seconds = 1;
};

// Connections one after the other, each with a handshake and a GET of 1 KiB, after which the server
// closes it. With `resumes`, each resumes the session of the one before.
int measure_handshakes(const crypto::ClientContext& context, const Target& target, bool resumes);

// GETs of `path` over `connections` that are kept, each of which has one request at a time.
int measure_kept(const crypto::ClientContext& context, const Target& target, std::string_view path,
                 unsigned connections);

// Opens `count` connections, requests a small file on each and leaves them idle: prints the growth
// of the server's memory.
int measure_idle_tls(const crypto::ClientContext& context, const Target& target, unsigned count);

}  // namespace load
