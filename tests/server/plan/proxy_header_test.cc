// PROXY headers of both versions: which are read, which are refused, and that each is read in
// pieces.
#include "apps/server/plan/proxy_header.h"

#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

using http1::Progress;

std::string text_of(const std::optional<Peer>& peer) {
  if (!peer) return "none";
  PeerText text{};
  write_peer(*peer, text);
  return text.data();
}

// Checks that `bytes`, and nothing shorter, is a header which announces `client`, and that bytes
// behind it are not read.
void expect_client(const std::string& bytes, std::string_view client) {
  ProxyHeader header;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read_proxy_header(std::string_view(bytes).substr(0, size), header), Progress::more)
        << size << " bytes of " << bytes;
  }
  EXPECT_EQ(read_proxy_header(bytes + "GET / HTTP/1.1\r\n", header), Progress::done) << bytes;
  EXPECT_EQ(header.size, bytes.size());
  EXPECT_EQ(text_of(header.client), client);
}

// Checks that `bytes` is refused, also with bytes behind it.
void expect_failure(const std::string& bytes) {
  ProxyHeader header;
  EXPECT_EQ(read_proxy_header(bytes, header), Progress::failed) << bytes;
  EXPECT_EQ(read_proxy_header(bytes + "GET / HTTP/1.1\r\n", header), Progress::failed) << bytes;
}

TEST(ProxyHeader, of_version_1_announces_an_address) {
  expect_client("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1");
  expect_client("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255");
  expect_client("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", "2001:db8::1");
  expect_client("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1");
}

TEST(ProxyHeader, of_version_1_may_announce_nothing) {
  expect_client("PROXY UNKNOWN\r\n", "none");
  expect_client("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "none");
}

TEST(ProxyHeader, of_version_1_that_deviates_is_refused) {
  for (const char* line : {"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n",
                           "PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
                           "PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n",
                           "PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n",
                           "PROXY TCP4 ::1 ::1 1 2\r\n",
                           "PROXY TCP6 192.0.2.1 192.0.2.1 1 2\r\n",
                           "PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n",
                           "PROXY tcp4 192.0.2.1 198.51.100.1 1 2\r\n",
                           "PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
                           "PROXY \r\n",
                           "PROXY TCP4\r\n",
                           "PROXY UNKNOWNX\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n",
                           "PROXY TCP4 192.0.2.1\n198.51.100.1 1 2\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\rX",
                           "proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
                           "PROXY\r\n",
                           "GET / HTTP/1.1\r\n",
                           "PUT /a",
                           "\n",
                           " PROXY UNKNOWN\r\n"}) {
    expect_failure(line);
  }
}

TEST(ProxyHeader, of_version_1_has_at_most_107_bytes) {
  const std::string begin = "PROXY UNKNOWN ";
  expect_client(begin + std::string(107 - begin.size() - 2, 'x') + "\r\n", "none");
  expect_failure(begin + std::string(108 - begin.size() - 2, 'x') + "\r\n");
  ProxyHeader header;
  const std::string endless(106, 'x');
  EXPECT_EQ(read_proxy_header((begin + endless).substr(0, 106), header), Progress::more);
  EXPECT_EQ(read_proxy_header((begin + endless).substr(0, 107), header), Progress::failed);
}

// A header of version 2 with that command and family, and `rest` behind its fixed part.
std::string v2(int command, int family, const std::string& rest) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  bytes += static_cast<char>(command);
  bytes += static_cast<char>(family);
  bytes += static_cast<char>(rest.size() >> 8);
  bytes += static_cast<char>(rest.size() & 0xff);
  return bytes + rest;
}

const std::string v4_addresses("\xc0\x00\x02\x01\xc6\x33\x64\x01\x00\x50\x01\xbb", 12);
const std::string v6_addresses =
    std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16) + std::string(20, '\0');

TEST(ProxyHeader, of_version_2_announces_an_address) {
  expect_client(v2(0x21, 0x11, v4_addresses), "192.0.2.1");
  expect_client(v2(0x21, 0x21, v6_addresses), "2001:db8::1");
  const std::string mapped =
      std::string(10, '\0') + "\xff\xff\xc0" + std::string("\0", 1) + "\x02\x01";
  expect_client(v2(0x21, 0x21, mapped + std::string(20, '\0')), "192.0.2.1");
}

TEST(ProxyHeader, of_version_2_may_announce_nothing) {
  expect_client(v2(0x20, 0x00, ""), "none");
  expect_client(v2(0x20, 0x11, v4_addresses), "none");
  expect_client(v2(0x20, 0xff, "whatever"), "none");  // LOCAL: the rest is ignored
  expect_client(v2(0x21, 0x00, ""), "none");
  expect_client(v2(0x21, 0x00, std::string("\x04\x00\x01x", 4)), "none");
  expect_client(v2(0x21, 0x12, v4_addresses), "none");  // UDP
  expect_client(v2(0x21, 0x31, std::string(216, '\0')), "none");
}

TEST(ProxyHeader, of_version_2_with_another_version_command_or_family_is_refused) {
  for (const int command : {0x00, 0x01, 0x10, 0x11, 0x22, 0x2f, 0x31, 0xff}) {
    expect_failure(v2(command, 0x11, v4_addresses));
  }
  for (const int family : {0x01, 0x10, 0x13, 0x20, 0x23, 0x41, 0xff}) {
    expect_failure(v2(0x21, family, std::string(216, '\0')));
  }
  std::string other = v2(0x21, 0x11, v4_addresses);
  other[4] = 'x';
  expect_failure(other);
}

TEST(ProxyHeader, of_version_2_that_is_too_short_for_its_addresses_is_refused) {
  expect_failure(v2(0x21, 0x11, v4_addresses.substr(1)));
  expect_failure(v2(0x21, 0x21, v6_addresses.substr(1)));
  expect_failure(v2(0x21, 0x31, std::string(215, '\0')));
}

TEST(ProxyHeader, of_version_2_has_at_most_4_KiB_behind_its_fixed_part) {
  const auto padded = [](std::size_t rest) {
    const std::size_t size = rest - 12 - 3;
    std::string value("\x04", 1);
    value += static_cast<char>(size >> 8);
    value += static_cast<char>(size & 0xff);
    return v2(0x21, 0x11, v4_addresses + value + std::string(size, 'x'));
  };
  ProxyHeader header;
  EXPECT_EQ(read_proxy_header(padded(4096), header), Progress::done);
  EXPECT_EQ(text_of(header.client), "192.0.2.1");
  expect_failure(padded(4097));
}

TEST(ProxyHeader, of_version_2_with_a_value_beyond_its_end_is_refused) {
  expect_client(v2(0x21, 0x11, v4_addresses + std::string("\x05\0\3abc", 6)), "192.0.2.1");
  expect_failure(v2(0x21, 0x11, v4_addresses + std::string("\x05\0\4abc", 6)));
  expect_failure(v2(0x21, 0x11, v4_addresses + std::string("\x05\0", 2)));
  expect_failure(v2(0x21, 0x11, v4_addresses + "\x05"));
}

// The checksum was computed by another program.
TEST(ProxyHeader, of_version_2_is_checked_against_its_checksum) {
  const std::string value("\x03\0\4", 3);
  const std::string checksum = "\xd3\xeb\x90\xac";
  expect_client(v2(0x21, 0x11, v4_addresses + value + checksum), "192.0.2.1");
  for (std::size_t i = 0; i < checksum.size(); ++i) {
    std::string wrong = checksum;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    expect_failure(v2(0x21, 0x11, v4_addresses + value + wrong));
  }
  expect_failure(v2(0x21, 0x11, v4_addresses + std::string("\x03\0\3abc", 6)));
}

}  // namespace
}  // namespace server
