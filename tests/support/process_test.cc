// Tests the helper that runs programs, with programs that every system has.
#include "tests/support/process.h"

#include <array>
#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace test_support {
namespace {

TEST(Process, TellsOutputErrorsAndStatusApart) {
  const Finished finished = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(finished.status, 3);
  EXPECT_EQ(finished.out, "out\n");
  EXPECT_EQ(finished.err, "err\n");
}

TEST(Process, FeedsMoreThanAPipeHoldsBothWays) {
  const std::string much(3'000'000, 'x');
  const Finished finished = run({"cat"}, {.input = much});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, much);
}

TEST(Process, ReadsLinesAsTheyCome) {
  Process process({"sh", "-c", "while read x; do echo \"got $x\"; done; printf last"},
                  {.keep_stdin_open = true});
  process.write("1\n");
  EXPECT_EQ(process.read_line_of_stdout(), "got 1");
  process.write("2\n3\n");
  EXPECT_EQ(process.read_line_of_stdout(), "got 2");
  EXPECT_EQ(process.read_line_of_stdout(), "got 3");
  EXPECT_TRUE(process.running());
  process.close_stdin();
  EXPECT_EQ(process.read_line_of_stdout(), "last");
  EXPECT_EQ(process.read_line_of_stdout(), std::nullopt);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_GT(process.peak_memory_kib(), 0);
}

TEST(Process, SignalsAndSaysWhatKilled) {
  Process process({"sh", "-c", "echo ready; cat"}, {.keep_stdin_open = true});
  ASSERT_EQ(process.read_line_of_stdout(), "ready");
  EXPECT_EQ(process.wait(Timeout(0)), std::nullopt);
  process.signal(SIGTERM);
  process.close_stdin();
  EXPECT_EQ(process.wait(), -SIGTERM);
  process.signal(SIGTERM);  // reaches no process
}

TEST(Process, KillsWhatStillRunsWhenItGoesAway) {
  pid_t pid = 0;
  {
    Process process({"sleep", "1000"});
    pid = process.pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Process, ProgramThatCannotStartExits127) {
  const Finished finished = run({"/no/such/program"});
  EXPECT_EQ(finished.status, 127);
  EXPECT_NE(finished.err.find("/no/such/program: No such file"), std::string::npos);
}

TEST(Process, SetsEnvironmentAndDirectory) {
  const Finished finished = run({"sh", "-c", "echo $SAID ${HOME-gone}; pwd"},
                                {.environment = {"SAID=this", "HOME"}, .directory = "/"});
  EXPECT_EQ(finished.out, "this gone\n/\n");
}

TEST(Process, GivesATerminalWhereAsked) {
  const Finished finished =
      run({"sh", "-c", "test -t 2 && stty size <&2; echo seen >&2"}, {.stderr_is_terminal = true});
  EXPECT_EQ(finished.out, "24 80\n");
  EXPECT_EQ(finished.err, "seen\r\n");
}

TEST(Process, HandsDescriptorsOver) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Finished finished = run({"sh", "-c", "echo through >&3"}, {.descriptors = {ends[1]}});
  EXPECT_EQ(finished.status, 0);
  std::array<char, 16> room{};
  EXPECT_EQ(::read(ends[0], room.data(), room.size()), 8);
  for (const int end : ends) ::close(end);
}

TEST(Process, WaitsForATextOrTheEnd) {
  Process process({"sh", "-c", "echo one; echo two >&2"});
  EXPECT_TRUE(process.wait_for_out("one"));
  EXPECT_TRUE(process.wait_for_err("two"));
  EXPECT_FALSE(process.wait_for_out("three"));
}

}  // namespace
}  // namespace test_support
