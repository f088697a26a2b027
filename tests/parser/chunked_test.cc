// What the case files cannot say: where the data ends up, announcing, reuse.
#include "parser/chunked.h"

#include <string>

#include <gtest/gtest.h>

namespace http1 {
namespace {

TEST(Chunked, data_moves_to_the_front_and_the_rest_stays) {
  std::string bytes = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nNEXT";
  ChunkedDecoder decoder;
  const ChunkedDecoder::Result result = decoder.decode(bytes.data(), bytes.size());
  EXPECT_EQ(result.progress, Progress::done);
  EXPECT_EQ(bytes.substr(0, result.data), "abcde");
  EXPECT_EQ(bytes.substr(result.used), "NEXT");
}

TEST(Chunked, all_is_used_while_more_is_wanted) {
  std::string bytes = "5\r\nab";
  ChunkedDecoder decoder;
  const ChunkedDecoder::Result result = decoder.decode(bytes.data(), bytes.size());
  EXPECT_EQ(result.progress, Progress::more);
  EXPECT_EQ(result.used, bytes.size());
  EXPECT_EQ(result.data, 2U);
}

TEST(Chunked, a_size_is_announced_before_its_data) {
  std::string bytes = "2\r\nab\r\n100\r\nc";
  ChunkedDecoder decoder;
  (void)decoder.decode(bytes.data(), bytes.size());
  EXPECT_EQ(decoder.delivered(), 3U);
  EXPECT_EQ(decoder.announced(), 2U + 256U);
}

TEST(Chunked, after_the_end_nothing_is_read) {
  std::string bytes = "0\r\n\r\n";
  ChunkedDecoder decoder;
  (void)decoder.decode(bytes.data(), bytes.size());
  std::string next = "GET";
  const ChunkedDecoder::Result result = decoder.decode(next.data(), next.size());
  EXPECT_EQ(result.progress, Progress::done);
  EXPECT_EQ(result.used, 0U);
  EXPECT_EQ(next, "GET");
}

TEST(Chunked, a_failure_counts_from_the_first_byte_of_the_body) {
  std::string first = "3\r\nabc\r\n";
  std::string second = "x";
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.decode(first.data(), first.size()).progress, Progress::more);
  const ChunkedDecoder::Result result = decoder.decode(second.data(), second.size());
  EXPECT_EQ(result.progress, Progress::failed);
  EXPECT_EQ(result.failure.error, Error::bad_chunk_size);
  EXPECT_EQ(result.failure.offset, 8U);
  EXPECT_EQ(decoder.decode(first.data(), first.size()).failure.offset, 8U);
}

TEST(Chunked, decodes_another_body_after_reset) {
  ChunkedDecoder decoder;
  for (int round = 0; round < 3; ++round) {
    std::string bytes = "1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n";
    const ChunkedDecoder::Result result = decoder.decode(bytes.data(), bytes.size());
    EXPECT_EQ(result.progress, Progress::done);
    EXPECT_EQ(result.data, 1U);
    decoder.reset();
    EXPECT_EQ(decoder.delivered(), 0U);
  }
}

TEST(Chunked, a_large_chunk_passes_through_small_buffers) {
  ChunkedDecoder decoder;
  std::string head = "100000\r\n";
  EXPECT_EQ(decoder.decode(head.data(), head.size()).data, 0U);
  std::string piece(4096, 'x');
  for (int round = 0; round < 256; ++round) {
    EXPECT_EQ(decoder.decode(piece.data(), piece.size()).data, piece.size());
  }
  std::string end = "\r\n0\r\n\r\n";
  EXPECT_EQ(decoder.decode(end.data(), end.size()).progress, Progress::done);
  EXPECT_EQ(decoder.delivered(), 1U << 20);
}

TEST(Chunked, signed_chunks_of_usual_size_pass) {
  const std::string line = "2000;chunk-signature=" + std::string(64, 'f') + "\r\n";
  ChunkedDecoder decoder;
  for (int round = 0; round < 1000; ++round) {
    std::string chunk = line + std::string(8192, 'x') + "\r\n";
    ASSERT_EQ(decoder.decode(chunk.data(), chunk.size()).data, 8192U);
  }
}

TEST(Chunked, a_body_that_is_nothing_but_extensions_is_refused) {
  ChunkedDecoder decoder;
  ChunkedDecoder::Result result;
  for (int round = 0; round < 100 && result.progress == Progress::more; ++round) {
    std::string chunk = "1;" + std::string(250, 'a') + "\r\nx\r\n";
    result = decoder.decode(chunk.data(), chunk.size());
  }
  EXPECT_EQ(result.failure.error, Error::chunk_overhead_too_large);
}

TEST(Chunked, trailers_are_told_where_they_are_read) {
  const std::string coded = "2\r\nab\r\n0\r\nA: b\r\nDigest: c\r\n\r\nNEXT";
  for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
    ChunkedDecoder decoder;
    std::string trailers;
    for (std::string piece : {coded.substr(0, cut), coded.substr(cut)}) {
      trailers += decoder.decode(piece.data(), piece.size()).trailers;
    }
    EXPECT_EQ(trailers, "A: b\r\nDigest: c\r\n") << cut;
  }
}

TEST(Chunked, the_state_is_small) { EXPECT_LE(sizeof(ChunkedDecoder), 104U); }

}  // namespace
}  // namespace http1
