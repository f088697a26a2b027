// The chunk decoder: data is moved in runs, every other byte takes one step of the automaton.
//
// Overhead counts the bytes that the sender could have left out: extensions and leading zeros. The
// rest of a chunk line is not counted, because well-behaved programs do send small chunks.
// Covered by tests/parser/cases/chunked.txt (run at every split) and tests/parser/chunked_test.cc.
#include "parser/chunked.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "parser/names.h"
#include "parser/scan.h"

namespace http1 {
namespace {

constexpr std::uint8_t max_size_digits = 16;

std::uint32_t clamp(std::size_t limit) noexcept {
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max() - 1;
  return static_cast<std::uint32_t>(std::min(limit, most));
}

// qdtext / the backslash of a quoted-pair / the closing quote, RFC 9110 5.6.4
bool is_quoted_text(char byte) noexcept { return scan::is(scan::value_bit, byte); }

// Fields that frame or route the message, or that belong to the connection: RFC 9110 6.5.1 keeps
// them out of trailers. Everything else is the caller's to read or to drop.
bool is_forbidden_in_trailers(FieldName name) noexcept {
  switch (name) {
    case FieldName::connection:
    case FieldName::content_length:
    case FieldName::host:
    case FieldName::te:
    case FieldName::trailer:
    case FieldName::transfer_encoding:
    case FieldName::upgrade: return true;
    default: return false;
  }
}

}  // namespace

ChunkedDecoder::ChunkedDecoder(const Limits& limits) noexcept
    : trailer_bytes_limit_(clamp(limits.trailer_bytes)),
      trailer_fields_limit_(clamp(limits.trailer_fields)),
      extension_limit_(clamp(limits.chunk_extension_bytes)),
      overhead_limit_(clamp(limits.chunk_overhead_bytes)),
      overhead_share_(std::max(1U, clamp(limits.chunk_overhead_share))) {}

void ChunkedDecoder::reset() noexcept {
  chunk_left_ = 0;
  delivered_ = 0;
  consumed_ = 0;
  overhead_ = 0;
  extension_bytes_ = 0;
  trailer_bytes_ = 0;
  trailer_fields_ = 0;
  digits_ = 0;
  name_size_ = 0;
  state_ = State::size_first;
  error_ = Error::none;
}

ChunkedDecoder::Result ChunkedDecoder::decode(char* bytes, std::size_t size) noexcept {
  Result result;
  const std::uint32_t trailer_bytes_before = trailer_bytes_;
  std::size_t behind_trailers = 0;  // bytes of the empty line at the end
  while (result.used != size && state_ < State::done) {
    char* const from = bytes + result.used;
    if (state_ == State::data) {
      const std::size_t moved = move_data(from, size - result.used, bytes + result.data);
      result.used += moved;
      result.data += moved;
      continue;
    }
    error_ = step(*from);
    if (error_ != Error::none) {
      state_ = State::failed;
      break;
    }
    ++result.used;
    ++consumed_;
    if (state_ >= State::end_lf) ++behind_trailers;
  }
  if (state_ == State::done) result.progress = Progress::done;
  const std::size_t trailer_bytes = trailer_bytes_ - trailer_bytes_before;
  if (trailer_bytes > 0 && state_ != State::failed) {
    result.trailers = {bytes + result.used - behind_trailers - trailer_bytes, trailer_bytes};
  }
  if (state_ == State::failed) {
    result.progress = Progress::failed;
    result.failure = {error_, static_cast<std::size_t>(consumed_)};
  }
  return result;
}

// Moves the available bytes of the chunk to the front, and returns their number.
std::size_t ChunkedDecoder::move_data(const char* from, std::size_t size, char* to) noexcept {
  const auto moved = static_cast<std::size_t>(std::min<std::uint64_t>(size, chunk_left_));
  if (to != from) std::memmove(to, from, moved);
  chunk_left_ -= moved;
  delivered_ += moved;
  consumed_ += moved;
  if (chunk_left_ == 0) state_ = State::data_cr;
  return moved;
}

// chunked-body = *chunk last-chunk trailer-section CRLF, RFC 9112 7.1
Error ChunkedDecoder::step(char byte) noexcept {
  switch (state_) {
    case State::size_first:
    case State::size: return step_size(byte);
    case State::size_lf:
      if (byte != '\n') return Error::bare_cr;
      begin_data();
      return Error::none;
    case State::data_cr:
      state_ = State::data_lf;
      return byte == '\r' ? Error::none : Error::chunk_end_missing;
    case State::data_lf:
      state_ = State::size_first;
      return byte == '\n' ? Error::none : Error::chunk_end_missing;
    case State::trailer_line:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_value_lf: return step_trailer(byte);
    case State::end_lf: state_ = State::done; return byte == '\n' ? Error::none : Error::bare_cr;
    default: return step_extension(byte);
  }
}

// chunk-size = 1*HEXDIG, here of at most 16 digits and at most 2^63-1
Error ChunkedDecoder::step_size(char byte) noexcept {
  const int digit = scan::hex_value(byte);
  if (digit < 0) return state_ == State::size ? end_of_size(byte) : Error::bad_chunk_size;
  if (state_ == State::size_first) {
    digits_ = 0;
    extension_bytes_ = 0;
    chunk_left_ = 0;
    state_ = State::size;
  }
  const bool overflows = (chunk_left_ >> 59) != 0;
  if (digits_ == max_size_digits || overflows) return Error::chunk_size_too_large;
  const bool zero_before = digits_ != 0 && chunk_left_ == 0;
  ++digits_;
  chunk_left_ = chunk_left_ << 4 | static_cast<std::uint64_t>(digit);
  return zero_before ? count_overhead() : Error::none;
}

// The byte after a complete element of a chunk line: its end, or another extension.
Error ChunkedDecoder::end_of_size(char byte) noexcept {
  switch (byte) {
    case '\r': state_ = State::size_lf; return Error::none;
    case '\n': return Error::bare_lf;
    case ';': state_ = State::extension_name_first; return count_extension();
    default: return state_ == State::size ? Error::bad_chunk_size : Error::bad_chunk_extension;
  }
}

Error ChunkedDecoder::count_extension() noexcept {
  if (++extension_bytes_ > extension_limit_) return Error::chunk_extension_too_large;
  return count_overhead();
}

Error ChunkedDecoder::count_overhead() noexcept {
  const std::uint64_t allowed = overhead_limit_ + delivered_ / overhead_share_;
  return ++overhead_ > allowed ? Error::chunk_overhead_too_large : Error::none;
}

// The first chunk of size 0 is the last.
void ChunkedDecoder::begin_data() noexcept {
  state_ = chunk_left_ == 0 ? State::trailer_line : State::data;
}

// chunk-ext = *( ";" chunk-ext-name [ "=" ( token / quoted-string ) ] ), RFC 9112 7.1.1 without BWS
Error ChunkedDecoder::step_extension(char byte) noexcept {
  const bool is_token = scan::is(scan::token_bit, byte);
  switch (state_) {
    case State::extension_name_first:
      if (!is_token) return byte == '\n' ? Error::bare_lf : Error::bad_chunk_extension;
      state_ = State::extension_name;
      return count_extension();
    case State::extension_name:
      if (!is_token && byte != '=') return end_of_size(byte);
      if (byte == '=') state_ = State::extension_value_first;
      return count_extension();
    case State::extension_value_first:
      if (!is_token && byte != '"') return Error::bad_chunk_extension;
      state_ = is_token ? State::extension_token : State::extension_quoted;
      return count_extension();
    case State::extension_token: return is_token ? count_extension() : end_of_size(byte);
    case State::extension_quoted:
      if (!is_quoted_text(byte)) return Error::bad_chunk_extension;
      if (byte == '"') state_ = State::extension_end;
      if (byte == '\\') state_ = State::extension_quoted_pair;
      return count_extension();
    case State::extension_quoted_pair:
      if (!is_quoted_text(byte)) return Error::bad_chunk_extension;
      state_ = State::extension_quoted;
      return count_extension();
    default: return end_of_size(byte);
  }
}

// trailer-section = *( field-line CRLF ), by the rules of a head's fields
Error ChunkedDecoder::step_trailer(char byte) noexcept {
  if (state_ == State::trailer_line && byte == '\r') {
    state_ = State::end_lf;
    return Error::none;
  }
  if (++trailer_bytes_ > trailer_bytes_limit_) return Error::trailer_too_large;
  switch (state_) {
    case State::trailer_line: return begin_trailer(byte);
    case State::trailer_name: return step_trailer_name(byte);
    case State::trailer_value:
      if (byte == '\r') state_ = State::trailer_value_lf;
      if (byte == '\r' || scan::is(scan::value_bit, byte)) return Error::none;
      return byte == '\n' ? Error::bare_lf : Error::bad_value_byte;
    default: state_ = State::trailer_line; return byte == '\n' ? Error::none : Error::bare_cr;
  }
}

Error ChunkedDecoder::begin_trailer(char byte) noexcept {
  if (!scan::is(scan::token_bit, byte)) {
    const bool is_first = trailer_fields_ == 0;
    const bool is_space = byte == ' ' || byte == '\t';
    if (is_space) return is_first ? Error::space_before_first_field : Error::obs_fold;
    if (byte == '\n') return Error::bare_lf;
    return byte == ':' ? Error::name_missing : Error::bad_name_byte;
  }
  if (++trailer_fields_ > trailer_fields_limit_) return Error::too_many_fields;
  name_[0] = byte;
  name_size_ = 1;
  state_ = State::trailer_name;
  return Error::none;
}

Error ChunkedDecoder::step_trailer_name(char byte) noexcept {
  if (scan::is(scan::token_bit, byte)) {
    // A name that does not fit is longer than every forbidden name.
    if (name_size_ < name_room) name_[name_size_++] = byte;
    return Error::none;
  }
  switch (byte) {
    case ':': break;
    case ' ':
    case '\t': return Error::space_before_colon;
    case '\r':
    case '\n': return Error::colon_missing;
    default: return Error::bad_name_byte;
  }
  state_ = State::trailer_value;
  const FieldName name = field_name_of(std::string_view(name_.data(), name_size_));
  return is_forbidden_in_trailers(name) ? Error::trailer_forbidden : Error::none;
}

}  // namespace http1
