// The digests that a GET or HEAD wants of the file that it gets (RFC 9530 section 4).
//
// They are computed only where Want-Repr-Digest or Want-Content-Digest asks for them. Covered by
// tests/server/read/wanted_digests_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Whether the request wants a digest. False for nearly all requests.
inline bool wants_digests(const http1::RequestHead& head) {
  return head.has(http1::FieldName::want_repr_digest) ||
         head.has(http1::FieldName::want_content_digest);
}

// Adds the digests that the request wants to its planned response, whose source is the file that
// the digests are about. Repr-Digest is about the whole file, in its content coding; Content-Digest
// about the bytes that are sent, where these are one part of the file. A digest that cannot be
// computed now is left out, because a client can only wish for it.
uring::Task<> add_wanted_digests(Connection& c);

}  // namespace server
