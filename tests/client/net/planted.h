// Runs of the client in the process of the test, with a planted resolver.
//
// Used by look_up_test.cc and connect_test.cc.
#pragma once

#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <string>

#include <gtest/gtest.h>

#include "apps/client/run.h"

namespace client {

// The address of a port on the loopback interface.
inline Address loopback(std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Address address;
  address.bytes = sizeof in;
  std::memcpy(&address.storage, &in, sizeof in);
  return address;
}

struct RunResult {
  int status = 0;
  std::string err = {};  // standard error
};

// Downloads `url` into the file `to`, on the engine that the test's environment names.
inline RunResult get_with(const Resolver& resolver, const std::string& url, const std::string& to,
                          Settings settings = {}) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment
  const char* const engine = std::getenv("QUOIT_IO");
  if (engine) settings.io = engine;
  Plan plan{.settings = settings};
  Job& job = plan.jobs.emplace_back();
  job.file = to;
  EXPECT_FALSE(parse_url(url, job.where)) << url;
  testing::internal::CaptureStderr();
  const int status = run(plan, resolver);
  return {.status = status, .err = testing::internal::GetCapturedStderr()};
}

}  // namespace client
