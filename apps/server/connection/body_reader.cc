// Bodies framed by length and by chunks. Covered by tests/server/connection/body_reader_test.cc.
#include "apps/server/connection/body_reader.h"

#include <algorithm>

namespace server {

using http1::Progress;

BodyReader::BodyReader(http1::Body body, const http1::Limits& limits)
    : decoder_(limits),
      length_(body.length),
      left_(body.length),
      chunked_(body.kind == http1::BodyKind::chunked) {}

http1::ChunkedDecoder::Result BodyReader::decode(char* bytes, std::size_t size) {
  if (chunked_) {
    const http1::ChunkedDecoder::Result result = decoder_.decode(bytes, size);
    done_ = result.progress == Progress::done;
    return result;
  }
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
  left_ -= count;
  done_ = left_ == 0;
  return {.progress = done_ ? Progress::done : Progress::more, .data = count, .used = count};
}

std::size_t BodyReader::wanted(std::size_t space) const {
  if (done_) return 0;
  if (chunked_) return std::min(space, most_tail_bytes);
  return static_cast<std::size_t>(std::min<std::uint64_t>(space, left_));
}

}  // namespace server
