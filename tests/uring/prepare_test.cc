// prepare(): the submission-queue entry of each operation.
#include "uring/prepare.h"

#include <fcntl.h>
#include <poll.h>

#include <gtest/gtest.h>

#include "uring/buffer_pool.h"

namespace uring {
namespace {

struct Row {
  OpCode code;
  std::uint8_t kernel_code;
};

// recv_stream is no Operation; see below.
constexpr Row rows[] = {
    {OpCode::accept, IORING_OP_ACCEPT},   {OpCode::connect, IORING_OP_CONNECT},
    {OpCode::recv, IORING_OP_RECV},       {OpCode::recv_provided, IORING_OP_RECV},
    {OpCode::send, IORING_OP_SEND},       {OpCode::send_gather, IORING_OP_SENDMSG},
    {OpCode::read, IORING_OP_READ},       {OpCode::write, IORING_OP_WRITE},
    {OpCode::open, IORING_OP_OPENAT2},    {OpCode::sync, IORING_OP_FSYNC},
    {OpCode::rename, IORING_OP_RENAMEAT}, {OpCode::link, IORING_OP_LINKAT},
    {OpCode::unlink, IORING_OP_UNLINKAT}, {OpCode::make_directory, IORING_OP_MKDIRAT},
    {OpCode::nothing, IORING_OP_NOP},     {OpCode::send_pages, IORING_OP_POLL_ADD},
};

io_uring_sqe entry_of(Operation& operation, bool multishot = false) {
  io_uring_sqe entry{};
  prepare(&entry, operation, multishot);
  return entry;
}

TEST(Entries, HaveTheCodeAndTheDescriptorOfTheirOperation) {
  for (const Row& row : rows) {
    Operation operation(row.code);
    operation.fd = 7;
    const io_uring_sqe entry = entry_of(operation);
    EXPECT_EQ(entry.opcode, row.kernel_code) << static_cast<int>(row.code);
    EXPECT_EQ(kernel_op_code(row.code), row.kernel_code) << static_cast<int>(row.code);
    EXPECT_EQ(entry.fd, row.code == OpCode::nothing ? -1 : 7) << static_cast<int>(row.code);
  }
}

TEST(Entries, OfProvidedReceivesLetTheKernelSelectABuffer) {
  Operation operation(OpCode::recv_provided);
  const io_uring_sqe once = entry_of(operation, true);
  EXPECT_EQ(once.flags, IOSQE_BUFFER_SELECT);
  EXPECT_EQ(once.buf_group, buffer_group);
  EXPECT_EQ(once.len, BufferPool::buffer_bytes);
  EXPECT_EQ(once.ioprio & IORING_RECV_MULTISHOT, 0U) << "only accept is multishot here";
  const Stream stream;
  io_uring_sqe again{};
  prepare_receive(&again, stream, true);
  EXPECT_EQ(again.flags, IOSQE_BUFFER_SELECT);
  EXPECT_EQ(again.ioprio & IORING_RECV_MULTISHOT, IORING_RECV_MULTISHOT);
  EXPECT_EQ(kernel_op_code(OpCode::recv_stream), again.opcode);
}

TEST(Entries, OfAcceptsAreMultishotOnRequest) {
  Operation operation(OpCode::accept);
  EXPECT_EQ(entry_of(operation, false).ioprio & IORING_ACCEPT_MULTISHOT, 0U);
  EXPECT_EQ(entry_of(operation, true).ioprio & IORING_ACCEPT_MULTISHOT, IORING_ACCEPT_MULTISHOT);
  EXPECT_EQ(entry_of(operation, true).accept_flags, static_cast<unsigned>(SOCK_CLOEXEC));
}

TEST(Entries, OfSendsRaiseNoSignalAndContinueAShortSend) {
  for (const OpCode code : {OpCode::send, OpCode::send_gather}) {
    Operation operation(code);
    EXPECT_EQ(entry_of(operation).msg_flags, static_cast<unsigned>(MSG_NOSIGNAL | MSG_WAITALL));
  }
}

TEST(Entries, OfSendsOfPagesWaitUntilTheSocketTakesBytes) {
  Operation operation(OpCode::send_pages);
  EXPECT_EQ(entry_of(operation).poll32_events, static_cast<unsigned>(POLLOUT));
}

TEST(Entries, OfSyncsOfTheDataLeaveTheTimesOut) {
  Operation operation(OpCode::sync);
  EXPECT_EQ(entry_of(operation).fsync_flags, 0U);
  operation.flags = data_only;
  EXPECT_EQ(entry_of(operation).fsync_flags, IORING_FSYNC_DATASYNC);
}

TEST(PuntedOperations, AreThoseThatChangeNamesOrSync) {
  for (const Row& row : rows) {
    if (waits_for_peer(row.code)) continue;
    const bool changes_names = row.code == OpCode::rename || row.code == OpCode::link ||
                               row.code == OpCode::unlink || row.code == OpCode::make_directory ||
                               row.code == OpCode::sync;
    EXPECT_EQ(is_punted(Operation(row.code)), changes_names) << static_cast<int>(row.code);
  }
  Operation open(OpCode::open);
  for (const int flags : {O_CREAT | O_WRONLY, O_TRUNC | O_WRONLY}) {
    open.open_flags = static_cast<std::uint64_t>(flags);
    EXPECT_TRUE(is_punted(open));
  }
  open.open_flags = O_RDONLY;
  EXPECT_FALSE(is_punted(open));
}

}  // namespace
}  // namespace uring
