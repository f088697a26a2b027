// Control messages: each kind reads back, and nothing else is read.
#include "apps/server/process/control_message.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace server {
namespace {

using Kind = ControlMessage::Kind;

ControlMessage an_offer() {
  return {.kind = Kind::offer,
          .sockets = {{.endpoint = 0, .address = "127.0.0.1:8080"},
                      {.endpoint = 0, .address = "127.0.0.1:8080"},
                      {.endpoint = 1, .removes_path = true, .address = "unix:/run/x"},
                      {.endpoint = 254, .is_shared = true, .address = ":0"}},
          .rest = 3};
}

TEST(ControlMessages, of_each_kind_read_back) {
  for (const ControlMessage& message :
       {ControlMessage{.kind = Kind::take}, an_offer(),
        ControlMessage{.kind = Kind::ready, .uses = {true, false, true}},
        ControlMessage{.kind = Kind::ready}, ControlMessage{.kind = Kind::released},
        ControlMessage{.kind = Kind::refuse, .reason = "because"}}) {
    EXPECT_EQ(read_message(write_message(message)), message) << static_cast<int>(message.kind);
  }
}

TEST(ControlMessages, of_the_largest_size_fit) {
  ControlMessage offer{.kind = Kind::offer, .rest = most_offered};
  offer.sockets.assign(most_sockets, {.address = std::string(most_address_bytes, 'x')});
  EXPECT_LE(write_message(offer).size(), most_packet_bytes);
  EXPECT_EQ(read_message(write_message(offer)), offer);
  const ControlMessage ready{.kind = Kind::ready, .uses = std::vector<bool>(most_offered, true)};
  EXPECT_LE(write_message(ready).size(), most_packet_bytes);
  EXPECT_EQ(read_message(write_message(ready)), ready);
}

TEST(ControlMessages, are_refused_if_they_are_cut_or_longer) {
  const std::string bytes = write_message(an_offer());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_message(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(read_message(bytes + '\0'));
}

// The place of a byte, and a value that it must not have.
TEST(ControlMessages, are_refused_if_a_byte_is_wrong) {
  struct Row {
    const char* what;
    std::size_t at;
    char byte;
  };
  constexpr std::size_t first_entry = 14;
  for (const Row& row :
       {Row{"the magic bytes", 0, 'Q'}, Row{"the version", 8, 2}, Row{"the kind", 9, 0},
        Row{"the kind", 9, 6}, Row{"the kind", 9, 1}, Row{"the number of entries", 10, 3},
        Row{"the number of entries", 10, 0}, Row{"the number of entries", 11, 1},
        Row{"the rest", 13, 0x40}, Row{"a flag", first_entry + 1, 2},
        Row{"a flag", first_entry + 2, 2}, Row{"the size of an address", first_entry + 3, 0}}) {
    std::string bytes = write_message(an_offer());
    bytes[row.at] = row.byte;
    EXPECT_FALSE(read_message(bytes)) << row.what;
  }
}

TEST(ControlMessages, are_refused_beyond_their_limits) {
  ControlMessage offer{.kind = Kind::offer};
  offer.sockets.assign(most_sockets + 1, {.address = "x"});
  EXPECT_FALSE(read_message(write_message(offer)));
  offer.sockets.assign(1, {.address = std::string(most_address_bytes + 1, 'x')});
  EXPECT_FALSE(read_message(write_message(offer)));
  offer.sockets[0].address = "x";
  offer.rest = most_offered + 1;
  EXPECT_FALSE(read_message(write_message(offer)));
  const std::vector<bool> uses(most_offered + 1, true);
  EXPECT_FALSE(read_message(write_message({.kind = Kind::ready, .uses = uses})));
  const std::string reason(most_reason_bytes + 1, 'x');
  EXPECT_FALSE(read_message(write_message({.kind = Kind::refuse, .reason = reason})));
  EXPECT_FALSE(read_message(write_message({.kind = Kind::refuse})));
  EXPECT_FALSE(read_message(write_message({.kind = Kind::take, .rest = 1})));
}

}  // namespace
}  // namespace server
