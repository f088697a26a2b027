// The numbers of the status page.
#include "apps/server/admin/status.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/server/admin/snapshots.h"

namespace server {
namespace {

TEST(StatusNumbers, are_JSON_with_the_numbers_of_the_snapshot) {
  const std::string json = write_status_json(lab::busy_snapshot());
  EXPECT_TRUE(json.starts_with("{\"version\":\"")) << json;
  EXPECT_TRUE(json.ends_with("}\n"));
  for (const char* part :
       {"\"engine\":\"epoll\"", "\"now\":784111777,\"start\":784000000", "\"workers\":[3,4]",
        "\"health\":[],\"reasons\":[]", "\"codes\":{\"200\":12,\"404\":1,\"405\":2}",
        "\"bounds\":[0.0001,0.0005,0.001,0.005,0.025,0.1,0.5,2.5,10,60]",
        "\"durations\":[5,4,3,1,0,0,0,0,0,0,1]",
        "\"bytes\":{\"received\":1000,\"sent\":123456789012}",
        "\"connections\":{\"idle\":5,\"active\":2,\"accepted\":9,\"refused\":3,",
        "\"uploads\":{\"in flight\":1,\"stored\":4,", "\"disk\":1073741824",
        "\"process\":{\"cpu\":1.25,\"resident\":4096,"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
}

TEST(StatusNumbers, have_the_reasons_as_texts) {
  Snapshot snapshot = lab::busy_snapshot();
  snapshot.process.readiness = {.is_draining = true, .log_is_failing = true};
  snapshot.workers[0].silent_us = 11'000'000;
  const std::string json = write_status_json(snapshot);
  EXPECT_NE(json.find("\"health\":[\"worker 0 has not finished a loop iteration for 11 s\"],"
                      "\"reasons\":[\"the server is draining: it stops soon\","
                      "\"a log cannot be written\"]"),
            std::string::npos)
      << json;
}

TEST(StatusNumbers, stand_in_the_table_of_the_page) {
  const std::string page = write_status(lab::busy_snapshot());
  EXPECT_NE(page.find("<th scope=\"row\">requests</th><td>15</td>"), std::string::npos);
  EXPECT_NE(page.find("<td>404: 1</td>"), std::string::npos);
}

}  // namespace
}  // namespace server
