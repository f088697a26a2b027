// Decodes a chunked body in place, from bytes that may arrive split anywhere.
//
// The decoder keeps about 100 bytes of state and no data: it moves the body's bytes to the front of
// the buffer it is given, drops chunk lines once it has checked them, and tells where the field
// lines of the trailer section are. Like the head parser it is an automaton over bytes: the body,
// its end, and an error with its offset do not depend on how the bytes are split. It accepts CR LF
// only, no white space around sizes and extensions (RFC 9112 7.1.1 allows BWS, but no known client
// sends it), and trailers that obey the rules of header fields. Covered by
// tests/parser/cases/chunked.txt (run at every split) and tests/parser/chunked_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/error.h"
#include "parser/limits.h"

namespace http1 {

class ChunkedDecoder {
 public:
  struct Result {
    Progress progress = Progress::more;
    std::size_t data = 0;  // bytes of body, now at the front of the buffer
    // Bytes of the input that were read: all of them while `more`; after `done` the next message
    // begins at bytes + used.
    std::size_t used = 0;
    Failure failure = {};  // offset: from the first byte of the body, over all calls
    // The bytes of trailer fields among those read, without the empty line that ends the section:
    // a view of the input, behind the data. Unless the decoding has failed, the views of all calls
    // make up the field lines, each with its CR LF; a caller that wants them copies them.
    std::string_view trailers;
  };

  explicit ChunkedDecoder(const Limits& limits = {}) noexcept;

  // Decodes the next `size` bytes of the body in place. Writes to nothing but bytes[0, data). After
  // done or failed it reads nothing and returns that result again.
  [[nodiscard]] Result decode(char* bytes, std::size_t size) noexcept;

  // Bytes of the body that were delivered so far, and these plus the rest of the present chunk:
  // with the latter a server can refuse a body that is too large before it has arrived.
  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }
  [[nodiscard]] std::uint64_t announced() const noexcept { return delivered_ + chunk_left_; }

  // Resets the decoder for the next body, with unchanged limits.
  void reset() noexcept;

 private:
  enum class State : std::uint8_t {
    size_first,  // the first digit of a size
    size,
    extension_name_first,
    extension_name,
    extension_value_first,
    extension_token,
    extension_quoted,
    extension_quoted_pair,
    extension_end,  // after a closing quote
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_line,  // the first byte of a trailer field, or the CR of the end
    trailer_name,
    trailer_value,
    trailer_value_lf,
    end_lf,
    done,
    failed,
  };

  struct Cursor;  // one call's buffer

  [[nodiscard]] Error step(char byte) noexcept;
  [[nodiscard]] Error step_size(char byte) noexcept;
  [[nodiscard]] Error step_extension(char byte) noexcept;
  [[nodiscard]] Error step_trailer(char byte) noexcept;
  [[nodiscard]] Error begin_trailer(char byte) noexcept;
  [[nodiscard]] Error step_trailer_name(char byte) noexcept;
  [[nodiscard]] Error end_of_size(char byte) noexcept;
  [[nodiscard]] Error count_extension() noexcept;
  [[nodiscard]] Error count_overhead() noexcept;
  void begin_data() noexcept;
  std::size_t move_data(const char* from, std::size_t size, char* to) noexcept;

  // No name that is forbidden in trailers is longer.
  static constexpr std::size_t name_room = 24;

  std::uint64_t chunk_left_ = 0;  // while reading the size: its value so far
  std::uint64_t delivered_ = 0;
  std::uint64_t consumed_ = 0;         // bytes of the body's coding that were read
  std::uint64_t overhead_ = 0;         // bytes that the sender could have left out
  std::uint32_t extension_bytes_ = 0;  // of this chunk
  std::uint32_t trailer_bytes_ = 0;
  std::uint32_t trailer_fields_ = 0;
  std::uint32_t trailer_bytes_limit_;
  std::uint32_t trailer_fields_limit_;
  std::uint32_t extension_limit_;
  std::uint32_t overhead_limit_;
  std::uint32_t overhead_share_;
  std::uint8_t digits_ = 0;  // of this size
  std::uint8_t name_size_ = 0;
  State state_ = State::size_first;
  Error error_ = Error::none;
  std::array<char, name_room> name_ = {};  // the trailer name so far, as far as it fits
};

}  // namespace http1
