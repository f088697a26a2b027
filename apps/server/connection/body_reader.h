// BodyReader: which of the received bytes belong to a request's body. Pure.
//
// It hides whether Content-Length or chunks frame the body. decode() works in place and returns how
// many bytes are body; wanted() returns how many bytes to receive next, so that the bytes of a
// following request are kept. Covered by tests/server/connection/body_reader_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/chunked.h"
#include "parser/framing.h"
#include "parser/limits.h"

namespace server {

// The end of a chunked body is not known in advance, so that bytes of the following request may be
// received with it: at most these many, which fit behind a head in an input's own memory.
inline constexpr std::size_t most_tail_bytes = 16384;

class BodyReader {
 public:
  BodyReader(http1::Body body, const http1::Limits& limits);

  // Decodes `size` received bytes in place, like ChunkedDecoder::decode(). Afterwards `data` bytes
  // of body are at the front of `bytes`, and `used` of the received bytes were read; less than
  // `size` only if the body is complete or malformed.
  http1::ChunkedDecoder::Result decode(char* bytes, std::size_t size);

  // The number of bytes to receive next into a buffer of `space` bytes; 0 if the body is complete.
  std::size_t wanted(std::size_t space) const;

  // An estimate of the bytes of body that are to come: of a chunked body as many as have arrived.
  std::uint64_t expected() const { return chunked_ ? decoder_.delivered() : left_; }

  // Bytes of body that were decoded, and that were announced, by Content-Length or by the sizes of
  // chunks so far.
  std::uint64_t delivered() const { return chunked_ ? decoder_.delivered() : length_ - left_; }
  std::uint64_t announced() const { return chunked_ ? decoder_.announced() : length_; }

 private:
  http1::ChunkedDecoder decoder_;
  std::uint64_t length_;
  std::uint64_t left_;
  bool chunked_;
  bool done_ = false;
};

}  // namespace server
