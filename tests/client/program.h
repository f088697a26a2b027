// The fixture of the tests that run the real program: a directory of its own, and shorthands.
// Used by get_test.cc, put_test.cc and program_test.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/scripted_server.h"

namespace client {

using test_support::Finished;
using test_support::Peer;
using test_support::Process;
using test_support::ProcessOptions;
using test_support::ScriptedServer;

// The program under test.
std::string quoit_path();

class Program : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "quoit-program-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // argv and options of the program, run in the test's directory.
  static std::vector<std::string> line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), quoit_path());
    return arguments;
  }
  ProcessOptions here(ProcessOptions options = {}) const {
    options.directory = directory_.string();
    return options;
  }
  Finished quoit(std::vector<std::string> arguments, ProcessOptions options = {}) const {
    return test_support::run(line(std::move(arguments)), here(std::move(options)));
  }

  std::string path(std::string_view name) const { return (directory_ / name).string(); }
  void write(std::string_view name, std::string_view content) const {
    std::ofstream(directory_ / name, std::ios::binary) << content;
  }
  std::string content(std::string_view name) const {
    std::ifstream stream(directory_ / name, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  // The names in the directory; a temporary file left behind is among them.
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  std::filesystem::path directory_;
};

// A response with a length.
inline std::string response(std::string_view status, std::string_view body = {},
                            std::string_view fields = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// A script for one request without a body.
inline ScriptedServer::Script answers(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    peer.read_head();
    peer.send(bytes);
    peer.finish_sending();
    peer.at_end();
  };
}

// Bytes that repeat nowhere near, so that a piece in the wrong place is noticed.
inline std::string varied_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::uint64_t state = 88172645463325252;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  return bytes;
}

}  // namespace client
