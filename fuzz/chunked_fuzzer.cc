// Fuzzes ChunkedDecoder: the input is a chunked body, possibly followed by other bytes.
//
// Oracles, under the default limits and under tight ones:
//   - every cut gives equal data, trailers, end, error and offset; only the place of the data is
//     written, and trailers are views of bytes behind it
//   - a proper prefix of a body gives `more`; an error is final and at its earliest byte
//   - the announced size is never less than the delivered size, and equal to it at the end
//   - after a reset, a decoder gives the same result again; no call allocates
//   - grammar.h, written from the ABNF, recognises the same bodies with the same data
//   - encoding data, with extensions and trailers, and decoding it gives the original data
// Covered by the replay of corpus/chunked in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/bytes.h"
#include "fuzz/grammar.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/chunked.h"

namespace {

using fuzz::require;
using http1::ChunkedDecoder;
using http1::Progress;

// Decodes a body piece by piece, each piece in a new block.
struct Body {
  explicit Body(const http1::Limits& limits) : decoder(limits) {}

  void give(std::string_view piece) {
    fuzz::Block block(piece);
    decode(block, piece.size());
    require(last.data <= last.used && last.used <= piece.size(),
            "there is no more data than bytes read");
    require(last.progress != Progress::more || last.used == piece.size(), "`more` has read all");
    require(block.view().substr(last.data) == piece.substr(last.data), "only data is written");
    data.append(block.view().substr(0, last.data));
    check_trailers(block.view());
    used += last.used;
    require(decoder.delivered() == data.view().size(), "delivered counts the data");
    require(decoder.announced() >= decoder.delivered(), "announced is no less than delivered");
    require((decoder.announced() - decoder.delivered()) >> 63 == 0, "a chunk fits 63 bits");
  }

  void check_trailers(std::string_view bytes) {
    if (last.trailers.empty()) return;
    require(last.progress != Progress::failed, "a failed section has no trailers");
    require(last.trailers.data() >= bytes.data() + last.data, "trailers are behind the data");
    require(last.trailers.data() + last.trailers.size() <= bytes.data() + last.used,
            "trailers were read");
    trailers.append(last.trailers);
  }

  void decode(fuzz::Block& block, std::size_t size) {
    const fuzz::NoAllocation none;
    last = decoder.decode(block.data(), size);
  }

  ChunkedDecoder decoder;
  ChunkedDecoder::Result last;
  fuzz::Text data;
  fuzz::Text trailers;
  std::size_t used = 0;
};

void require_same(const Body& left, const Body& right) {
  require(left.last.progress == right.last.progress, "every cut gives the same progress");
  require(left.last.failure.error == right.last.failure.error, "every cut gives the same error");
  require(left.last.failure.offset == right.last.failure.offset,
          "every cut gives the same error offset");
  require(left.data.view() == right.data.view(), "every cut gives the same data");
  // Of a section that fails, those pieces were told that came before.
  require(left.last.progress == Progress::failed || left.trailers.view() == right.trailers.view(),
          "every cut gives the same trailers");
}

Body decode(const http1::Limits& limits, std::string_view bytes) {
  Body body(limits);
  body.give(bytes);
  return body;
}

std::size_t needed(const Body& body) {
  return body.last.progress == Progress::failed ? body.last.failure.offset + 1 : body.used;
}

Body check_decoding(const http1::Limits& limits, std::string_view input) {
  Body whole = decode(limits, input);
  const std::string_view bytes = input.substr(0, needed(whole));
  require(needed(whole) <= input.size(), "the byte that proved an error was given");
  fuzz::cut_anywhere(bytes, [&](std::span<const std::size_t> ends) {
    Body body(limits);
    for (std::size_t at = 0; const std::size_t end : ends) {
      body.give(bytes.substr(at, end - at));
      require(end == bytes.size() || body.last.progress == Progress::more,
              "a proper prefix gives `more`");
      at = end;
    }
    require(body.last.progress != Progress::done || body.used == bytes.size(),
            "all bytes up to the end of a body are used");
    require_same(whole, body);
  });
  return whole;
}

void check_end(Body& whole, const http1::Limits& limits, std::string_view input) {
  if (whole.last.progress == Progress::more) return;
  const Body before = decode(limits, input.substr(0, needed(whole) - 1));
  require(before.last.progress == Progress::more, "no body is decided before its deciding byte");
  if (whole.last.progress == Progress::done) {
    require(whole.decoder.announced() == whole.decoder.delivered(),
            "the announced data is delivered at the end");
  }
  const std::size_t used = whole.used;
  const ChunkedDecoder::Result decided = whole.last;
  whole.give("0\r\n\r\n");
  require(whole.last.progress == decided.progress, "a result does not change");
  require(whole.last.failure.error == decided.failure.error, "an error does not change");
  require(whole.used == used && whole.last.data == 0, "no byte is read after the end");
  whole.decoder.reset();
  fuzz::Block block(input);
  const auto again = whole.decoder.decode(block.data(), input.size());
  require(again.progress == decided.progress && again.data == decided.data,
          "reset() clears the state");
  require(again.failure.offset == decided.failure.offset, "reset() clears the offset");
}

// Encodes in chunks of any size, sometimes with elements that a recipient has to skip.
void check_encoding(std::string_view data) {
  fuzz::Random random(data);
  fuzz::Text coded;
  for (std::size_t at = 0; at < data.size();) {
    const std::size_t size = std::min(data.size() - at, 1 + random.below(64));
    coded.append(size, 16);
    const bool has_extension = random.below(8) == 0;
    coded.append(has_extension ? ";a=\"b\\\"\";c\r\n" : "\r\n");
    coded.append(data.substr(at, size));
    coded.append("\r\n");
    at += size;
  }
  const std::string_view trailers = random.below(2) == 0 ? "" : "Digest: x\r\nA:\r\n";
  coded.append("0;z=1\r\n");
  coded.append(trailers);
  coded.append("\r\n");
  const Body body = decode({.chunk_overhead_bytes = coded.view().size()}, coded.view());
  require(body.last.progress == Progress::done, "a valid encoding is accepted");
  require(body.data.view() == data, "decoding an encoding gives the data");
  require(body.trailers.view() == trailers, "and the trailers");
  require(body.used == coded.view().size(), "an encoding is used to its end");
}

// Longer inputs reach limits, which the grammar does not model.
void check_grammar(std::string_view input) {
  constexpr std::size_t below_all_limits = 4096;
  if (input.size() > below_all_limits) return;
  const Body body = decode({}, input);
  std::vector<char> data;
  const std::size_t size = grammar::chunked_body(input, data);
  const bool is_done = body.last.progress == Progress::done;
  require(size == (is_done ? body.used : 0), "the grammar recognises the same bodies");
  const std::string_view expected(data.data(), data.size());
  require(!is_done || body.data.view() == expected, "the grammar finds the same data");
}

constexpr http1::Limits tight = {.trailer_bytes = 24,
                                 .trailer_fields = 2,
                                 .chunk_extension_bytes = 8,
                                 .chunk_overhead_bytes = 12};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  for (const http1::Limits& limits : {http1::Limits{}, tight}) {
    Body whole = check_decoding(limits, input);
    check_end(whole, limits, input);
  }
  check_grammar(input);
  check_encoding(input);
  return 0;
}
