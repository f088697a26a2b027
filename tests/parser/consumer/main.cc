// The smallest program that uses the installed library: it parses one request.
// Built and run by the test that installs http1 (test.cmake).
#include <parser/parse.h>

int main() {
  http1::RequestHead head;
  const auto progress = http1::parse_request("GET / HTTP/1.1\r\nHost: a\r\n\r\n", head);
  return progress == http1::Progress::done ? 0 : 1;
}
