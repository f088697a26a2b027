// BodyReader: which of the received bytes are a request's body. Pure.
//
// Framed by length or by chunks, the caller sees the same: it decodes bytes in place where they
// lie, is told how many of them are body, and how many it may receive next so that nothing of the
// following request is lost. Covered by tests/server/connection/body_reader_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/chunked.h"
#include "parser/framing.h"
#include "parser/limits.h"

namespace server {

// A chunked body's end is not known before it is there, so what follows it may be received with
// it: at most this much, which the exchange's own memory has room for behind a head.
inline constexpr std::size_t most_tail_bytes = 16384;

class BodyReader {
 public:
  BodyReader(http1::Body body, const http1::Limits& limits);

  // As ChunkedDecoder::decode: `data` bytes of body are now at the front of `bytes`, `used` of
  // them were read. Less than `size` are used only when the body is done, or failed.
  http1::ChunkedDecoder::Result decode(char* bytes, std::size_t size);

  // How many bytes to receive next into `room` bytes of room; 0 when the body is done.
  std::size_t wanted(std::size_t room) const;

  // Bytes of body that are to come, as far as is known: of chunks at least as many as have come.
  std::uint64_t expected() const { return chunked_ ? decoder_.delivered() : left_; }

  // Bytes of body so far, and so far announced.
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
