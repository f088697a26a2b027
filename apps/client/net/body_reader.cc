// Three ways for a body to end. Covered by tests/client/net/body_reader_test.cc.
#include "apps/client/net/body_reader.h"

#include <algorithm>

namespace client {

using http1::BodyKind;

BodyReader::Piece BodyReader::take(std::span<char> bytes) {
  if (done()) return {};
  if (body_.kind == BodyKind::chunked) {
    const http1::ChunkedDecoder::Result result = chunks_.decode(bytes.data(), bytes.size());
    chunks_done_ = result.progress == http1::Progress::done;
    return {.data = bytes.first(result.data), .used = result.used, .failure = result.failure};
  }
  std::size_t count = bytes.size();
  if (body_.kind == BodyKind::length) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, count));
    left_ -= count;
  }
  return {.data = bytes.first(count), .used = count};
}

bool BodyReader::done() const {
  switch (body_.kind) {
    case BodyKind::none: return true;
    case BodyKind::length: return left_ == 0;
    case BodyKind::chunked: return chunks_done_;
    case BodyKind::until_close: return false;
  }
  return true;
}

std::optional<std::uint64_t> BodyReader::total() const {
  if (body_.kind == BodyKind::none) return 0;
  if (body_.kind == BodyKind::length) return body_.length;
  return {};
}

}  // namespace client
