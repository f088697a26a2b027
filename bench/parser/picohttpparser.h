// picohttpparser as libh2o-evloop exports it; Debian ships the library without its header.
// The prototypes are those of picohttpparser.h (Kazuho Oku et al., MIT).
#pragma once

#include <cstddef>

extern "C" {

struct phr_header {
  const char* name;
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
}
