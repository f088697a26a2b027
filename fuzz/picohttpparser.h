// picohttpparser as libh2o-evloop exports it; Debian ships the library without its header.
// The prototypes are those of picohttpparser.h (Kazuho Oku et al., MIT).
//
// The benchmark measures it for comparison, and subset_fuzzer.cc compares its results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

extern "C" {

struct phr_header {
  const char* name;  // null if this line continues the line before
  std::size_t name_len;
  const char* value;
  std::size_t value_len;
};

// Each returns the size of the head, -1 if it is malformed, -2 if it is incomplete.
int phr_parse_request(const char* buffer, std::size_t size, const char** method,
                      std::size_t* method_size, const char** path, std::size_t* path_size,
                      int* minor_version, phr_header* headers, std::size_t* header_count,
                      std::size_t last_size);
int phr_parse_response(const char* buffer, std::size_t size, int* minor_version, int* status,
                       const char** reason, std::size_t* reason_size, phr_header* headers,
                       std::size_t* header_count, std::size_t last_size);

// At the beginning of a body, all members except consume_trailer are zero.
struct phr_chunked_decoder {
  std::size_t bytes_left_in_chunk;
  char consume_trailer;
  char hex_count;
  char state;
  std::uint64_t of_newer_versions[4];  // newer versions count the overhead here
};

// Decodes in place and sets `size` to the size of the data. Returns the number of bytes after the
// body, which follow the data; -1 if the body is malformed, -2 if it is incomplete.
ssize_t phr_decode_chunked(phr_chunked_decoder* decoder, char* buffer, std::size_t* size);
}
