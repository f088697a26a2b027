// The address of a client as proxies announce it in a field of the request: X-Forwarded-For, which
// most proxies write, or Forwarded (RFC 7239).
//
// Each proxy appends the address that it has received the request from, so that the list is read
// from its end: addresses of trusted proxies are skipped, and the first other address is the
// client's. Entries before it were written by the client, which can write anything. Pure.
// Covered by tests/server/plan/forwarded_test.cc and fuzz/forwarded_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "apps/server/plan/peer.h"
#include "apps/server/plan/trust.h"
#include "parser/message.h"

namespace server {

// The field that is read. A proxy that writes one of them passes the other one on as the client
// wrote it, so that only one can be believed.
enum class ForwardedField : std::uint8_t { x_forwarded_for, forwarded };

// A longer list has more proxies than any network; entries before the last ones are not read.
inline constexpr std::size_t most_forwarded_entries = 32;

// The client that the request comes from, where `peer`, which `trust` contains, has sent it. If all
// addresses are trusted, the leftmost one; if an entry has no address ("unknown", an obfuscated
// identifier), the address behind it, which is the last one that is known; without the field,
// `peer`.
Peer client_of(const http1::RequestHead& head, ForwardedField field, const Trust& trust,
               const Peer& peer);

}  // namespace server
