// picohttpparser as libh2o-evloop exports it; Debian ships the library without its header.
// The prototypes are those of picohttpparser.h (Kazuho Oku et al., MIT).
//
// The benchmark measures beside it, and subset_fuzzer.cc compares with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

extern "C" {

struct phr_header {
  const char* name;  // null where a line goes on in this one
  std::size_t name_len;
  const char* value;
  std::size_t value_len;
};

// Each returns the bytes of the head, -1 if it is wrong, -2 if it is not whole.
int phr_parse_request(const char* buffer, std::size_t size, const char** method,
                      std::size_t* method_size, const char** path, std::size_t* path_size,
                      int* minor_version, phr_header* headers, std::size_t* header_count,
                      std::size_t last_size);
int phr_parse_response(const char* buffer, std::size_t size, int* minor_version, int* status,
                       const char** reason, std::size_t* reason_size, phr_header* headers,
                       std::size_t* header_count, std::size_t last_size);

// All zeros but consume_trailer at the beginning of a body.
struct phr_chunked_decoder {
  std::size_t bytes_left_in_chunk;
  char consume_trailer;
  char hex_count;
  char state;
  std::uint64_t of_newer_versions[4];  // they count the overhead here
};

// Decodes in place and leaves in `size` how much data there is. Returns how many bytes behind the
// body are left, which follow the data; -1 if it is wrong, -2 if it is not whole.
ssize_t phr_decode_chunked(phr_chunked_decoder* decoder, char* buffer, std::size_t* size);
}
