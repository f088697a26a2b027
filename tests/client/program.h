// The fixture of the tests that run the real program: a directory of its own, and shorthands.
//
// Used by the tests of most wings.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <netinet/in.h>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
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
  void TearDown() override {
    std::filesystem::remove_all(directory_);
    std::filesystem::remove_all(state_directory());
  }

  // argv and options of the program, run in the test's directory.
  static std::vector<std::string> line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), quoit_path());
    return arguments;
  }
  ProcessOptions here(ProcessOptions options = {}) const {
    options.directory = directory_.string();
    options.environment.insert(options.environment.begin(),
                               "XDG_STATE_HOME=" + state_directory().string());
    return options;
  }
  Finished quoit(std::vector<std::string> arguments, ProcessOptions options = {}) const {
    return test_support::run(line(std::move(arguments)), here(std::move(options)));
  }

  // Where the program keeps what it remembers between runs.
  std::filesystem::path state_directory() const { return directory_.string() + "-state"; }

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

// Reads and answers the question whether the server takes resumable uploads, which precedes a large
// upload. It takes none, unless `fields` has Upload-Limit.
inline void answer_options(Peer& peer, std::string_view fields = {}) {
  const std::string head = peer.read_head();
  EXPECT_EQ(head.rfind("OPTIONS ", 0), 0U) << head;
  peer.send(response("204 No Content", {}, fields));
}

// A port whose queue of connections is full: a further handshake is dropped.
class FullPort {
 public:
  FullPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t bytes = sizeof address;
    sockets_[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(sockets_[0], generic, bytes), 0);
    EXPECT_EQ(::getsockname(sockets_[0], generic, &bytes), 0);
    EXPECT_EQ(::listen(sockets_[0], 0), 0);
    port_ = ntohs(address.sin_port);
    for (std::size_t i = 1; i < sockets_.size(); ++i) {
      sockets_[i] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (::connect(sockets_[i], generic, bytes) == 0) continue;
    }
  }
  ~FullPort() {
    for (const int fd : sockets_) ::close(fd);
  }
  std::uint16_t port() const { return port_; }

 private:
  std::array<int, 5> sockets_{};
  std::uint16_t port_ = 0;
};

// Bytes without short repetitions, so that a misplaced piece is noticed.
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
