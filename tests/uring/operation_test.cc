// Operation: the kinds of operations, and the memory that they share.
#include "uring/operation.h"

#include <cstddef>
#include <linux/openat2.h>

#include <gtest/gtest.h>

namespace uring {
namespace {

struct Kind {
  OpCode code;
  bool waits_for_peer;
  bool works_on_files;
  bool picks_buffer;
};

constexpr Kind kinds[] = {
    {OpCode::accept, true, false, false},      {OpCode::connect, true, false, false},
    {OpCode::recv, true, false, false},        {OpCode::recv_provided, true, false, true},
    {OpCode::recv_stream, true, false, true},  {OpCode::send, true, false, false},
    {OpCode::send_gather, true, false, false}, {OpCode::send_pages, true, false, false},
    {OpCode::read, false, false, false},       {OpCode::write, false, true, false},
    {OpCode::open, false, true, false},        {OpCode::sync, false, true, false},
    {OpCode::rename, false, true, false},      {OpCode::link, false, true, false},
    {OpCode::unlink, false, true, false},      {OpCode::make_directory, false, true, false},
    {OpCode::nothing, false, false, false},
};

TEST(Operations, AreClassifiedByTheirCode) {
  int code = 0;
  for (const Kind& kind : kinds) {
    EXPECT_EQ(static_cast<int>(kind.code), code) << "the table has every code, in order";
    EXPECT_EQ(waits_for_peer(kind.code), kind.waits_for_peer) << code;
    EXPECT_EQ(works_on_files(kind.code), kind.works_on_files) << code;
    EXPECT_EQ(picks_buffer(kind.code), kind.picks_buffer) << code;
    const bool is_send = kind.code == OpCode::send || kind.code == OpCode::send_gather ||
                         kind.code == OpCode::send_pages;
    EXPECT_EQ(sends(kind.code), is_send) << code;
    ++code;
  }
}

// Ring gives the kernel the address of open_flags.
TEST(Operations, HoldTheArgumentsOfOpenat2AsTheKernelReadsThem) {
  Operation operation(OpCode::open);
  operation.open_flags = 1;
  operation.open_mode = 2;
  operation.open_resolve = 3;
  const auto* how = reinterpret_cast<const open_how*>(&operation.open_flags);
  EXPECT_EQ(how->flags, 1U);
  EXPECT_EQ(how->mode, 2U);
  EXPECT_EQ(how->resolve, 3U);
}

TEST(Operations, KnowTheMemoryOfAReceive) {
  char bytes[10] = {};
  Operation operation(OpCode::recv);
  operation.address = bytes;
  operation.length = sizeof bytes;
  EXPECT_EQ(operation.memory().data(), bytes);
  EXPECT_EQ(operation.memory().size(), sizeof bytes);
  EXPECT_EQ(&operation_of(operation), &operation);
}

}  // namespace
}  // namespace uring
