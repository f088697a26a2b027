// BodyReader: extracts a response's body from the bytes of a connection.
//
// A body is delimited by a length, by chunks, or by the end of the connection. The caller passes
// the received bytes and takes the body's, until done(); when the connection ends, may_end() says
// whether the body is whole. Decodes in place and holds no bytes. RFC 9112 6.3. Covered by
// tests/client/net/body_reader_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "parser/chunked.h"
#include "parser/framing.h"

namespace client {

class BodyReader {
 public:
  explicit BodyReader(http1::Body body) : body_(body), left_(body.length) {}

  struct Piece {
    std::span<char> data;      // the body's next bytes, within the bytes given
    std::size_t used = 0;      // bytes consumed; the next message begins behind them
    http1::Failure failure{};  // of chunks; offset from the body's first byte
  };

  // Takes the next bytes of the connection: all of them unless the body ends before.
  [[nodiscard]] Piece take(std::span<char> bytes);

  // Says whether the body is complete.
  [[nodiscard]] bool done() const;
  // Says whether the end of the connection, which has come, completes the body.
  [[nodiscard]] bool may_end() const {
    return body_.kind == http1::BodyKind::until_close || done();
  }

  // The bytes that have not come of a body whose length is known; 0 for any other.
  [[nodiscard]] std::uint64_t length_left() const {
    return body_.kind == http1::BodyKind::length ? left_ : 0;
  }
  // Counts bytes that came another way, at most length_left().
  void pass(std::uint64_t count) { left_ -= count; }

  // The body's size, where it is known from the start.
  [[nodiscard]] std::optional<std::uint64_t> total() const;

 private:
  http1::Body body_;
  std::uint64_t left_;  // bytes, for kind length
  http1::ChunkedDecoder chunks_;
  bool chunks_done_ = false;
};

}  // namespace client
