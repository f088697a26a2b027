// The header with which a proxy announces the client of a connection: the PROXY protocol, versions
// 1 and 2 (haproxy.org, doc/proxy-protocol.txt). It precedes all other bytes. Pure.
//
// Covered by tests/server/plan/proxy_header_test.cc and fuzz/proxy_header_fuzzer.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "apps/server/plan/peer.h"
#include "parser/parse.h"

namespace server {

// The longest header that is accepted: 4 KiB behind the fixed part of version 2, which the protocol
// limits to 64 KiB. Proxies send less than 1 KiB.
inline constexpr std::size_t most_proxy_header_bytes = 16 + 4096;

struct ProxyHeader {
  std::size_t size = 0;        // its bytes; the next ones belong to the client
  std::optional<Peer> client;  // empty: the proxy speaks for itself, as in a health check, or the
                               // client has no address that this server knows
  std::string_view unique_id;  // the id of the connection, which is_request_id(), as a view of the
                               // header; empty: none
};

// Whether `bytes`, which have arrived, are or may become the begin of a header, malformed or not.
bool may_be_proxy_header(std::string_view bytes);

// Reads the header at the begin of `bytes`, all that has arrived. Progress::more: it is correct so
// far, but not complete. Progress::failed: it is malformed, too long or of another protocol; the
// connection has to be closed without a response.
http1::Progress read_proxy_header(std::string_view bytes, ProxyHeader& header);

}  // namespace server
