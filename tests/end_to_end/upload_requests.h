// For tests of resumable uploads on real sockets: their requests, and the files that they leave.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace uploads {

using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;

inline std::string length(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes); }

// The head of a PATCH with a body of that length.
inline std::string patch_head(const std::string& url, std::size_t offset, std::size_t bytes,
                              bool complete, std::vector<std::string> fields = {}) {
  fields.emplace_back("Content-Type: application/partial-upload");
  fields.push_back("Upload-Offset: " + std::to_string(offset));
  fields.emplace_back(complete ? "Upload-Complete: ?1" : "Upload-Complete: ?0");
  fields.push_back(length(bytes));
  return request("PATCH", url, fields);
}
inline std::string patch(const std::string& url, std::size_t offset, std::string_view body,
                         bool complete) {
  return patch_head(url, offset, body.size(), complete) + std::string(body);
}

// Begins an upload with an empty part; its URL.
inline std::string create(const Site& site, const std::string& target,
                          std::vector<std::string> fields = {}) {
  fields.emplace_back("Upload-Complete: ?0");
  fields.push_back(length(0));
  const Response response = site.ask(request("PUT", target, fields));
  EXPECT_EQ(response.status, 201) << response.head;
  return response.field("Location");
}

inline Response head(const Site& site, const std::string& url) {
  return site.ask(request("HEAD", url), RawClient::To::head);
}

// The offset that the server tells; -1: there is no such upload.
inline long offset_of(const Site& site, const std::string& url) {
  const Response response = head(site, url);
  return response.status == 204 ? std::stol(response.field("Upload-Offset")) : -1;
}

inline std::size_t upload_files(const Scratch& root) {
  const std::vector<std::string> names = root.list();
  return static_cast<std::size_t>(std::count_if(
      names.begin(), names.end(),
      [](const std::string& name) { return name.find(".quoit-") != std::string::npos; }));
}

}  // namespace uploads
