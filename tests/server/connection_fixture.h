// What the tests of whole connections share: a World with one small file, the exact bytes of its
// responses, and the bytes of an error response. Used in tests/server/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/server/world.h"

namespace server::lab {

// Serves hello.txt, read-only, with a file cache.
class ConnectionTest : public InWorld {
 protected:
  explicit ConnectionTest(std::uint64_t cache_bytes = default_cache_bytes) : InWorld(cache_bytes) {
    world.root.put("hello.txt", "hello\n");
  }
  void make_writable() { world.site.writable = true; }
};

// Serves hello.txt without a file cache.
class UncachedConnectionTest : public ConnectionTest {
 protected:
  UncachedConnectionTest() : ConnectionTest(0) {}
};

// The request for hello.txt, and the response with its head alone and in full.
inline const std::string get_hello = head_of("GET", "/hello.txt");
inline const std::string hello_head =
    "HTTP/1.1 200 OK\r\nDate: NOW\r\nContent-Length: 6\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nETag: " +
    std::string(old_tag) + "\r\nLast-Modified: " + std::string(old_date) +
    "\r\nAccept-Ranges: bytes\r\n\r\n";
inline const std::string hello = hello_head + "hello\n";

// A response with that status line, a line of text and further fields, as errors are.
inline std::string text_response(std::string_view status_line, std::string_view text,
                                 std::string_view fields = {}) {
  return "HTTP/1.1 " + std::string(status_line) +
         "\r\nDate: NOW\r\nContent-Length: " + std::to_string(text.size()) +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nVary: Accept\r\n" + std::string(fields) +
         "\r\n" + std::string(text);
}
inline const std::string not_found =
    text_response("404 Not Found", "404 Not Found: there is nothing of this name\n");

// A timer fires up to two slots of the timer wheel late.
inline constexpr uring::Milliseconds slack_ms = 128;

}  // namespace server::lab
