// Destination and Overwrite: the new name that a MOVE gives, and whether it may replace. Pure.
//
// Destination is a URL of this server or an absolute path (RFC 4918 sections 10.3 and 10.6). A URL
// is one of this server if its host and port are those that the request itself is for. Its scheme
// is not compared: behind a proxy that ends TLS, this server does not know the client's.
// Covered by tests/server/plan/destination_test.cc.
#pragma once

#include <span>

#include "apps/server/plan/intent.h"
#include "apps/server/plan/site.h"
#include "parser/message.h"

namespace server {

// Completes `intent`, which decide() has made of a MOVE, by its destination, or refuses the
// request: 400 for malformed fields, 502 for the URL of another server, 403 for a name that is not
// served, for the source itself and for a path below it. Decodes into `buffer`, which has
// path_buffer_bytes and outlives the Intent.
Intent decide_destination(const http1::RequestHead& head, const Site& site, Intent intent,
                          std::span<char> buffer);

// The encoded path in the Destination of `head`, which decide_destination() has accepted. A view of
// the field.
std::string_view destination_path(const http1::RequestHead& head);

}  // namespace server
