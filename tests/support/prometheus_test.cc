// The reader of metrics accepts what Prometheus accepts, and finds what it refuses.
#include "tests/support/prometheus.h"

#include <string>

#include <gtest/gtest.h>

namespace test_support {
namespace {

const std::string counter = "# HELP a_total Text.\n# TYPE a_total counter\n";
const std::string histogram = "# HELP h Text.\n# TYPE h histogram\n";

TEST(Prometheus, reads_samples_with_and_without_labels) {
  const Metrics metrics = read_metrics(counter + "a_total{x=\"1\",y=\"a b\"} 2\na_total 0.5\n");
  EXPECT_EQ(metrics.fault, "");
  EXPECT_EQ(metrics.value("a_total{x=\"1\",y=\"a b\"}"), 2);
  EXPECT_EQ(metrics.value("a_total"), 0.5);
  EXPECT_EQ(metrics.types.at("a_total"), "counter");
}

TEST(Prometheus, reads_histograms) {
  EXPECT_EQ(read_metrics(histogram + "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\n"
                                     "h_sum 3.5\nh_count 2\n")
                .fault,
            "");
}

TEST(Prometheus, finds_what_is_malformed) {
  for (const std::string& text :
       {std::string(), counter + "a_total 1", counter + "a_total x\n", counter + "a_total 1 2\n",
        counter + "a_total{x=1} 1\n", counter + "a_total{x=\"1\" 1\n", counter + "b_total 1\n",
        counter + "a_total{x=\"1\",x=\"2\"} 1\n", counter + "a_total 1\na_total 1\n",
        counter + "a_total -1\n", counter + counter, "a_total 1\n" + counter,
        counter + "# note\na_total 1\n", std::string("# TYPE a gauge\na 1\n"),
        std::string("# HELP a Text.\na 1\n"),
        std::string("# HELP a Text.\n# TYPE a counter\na 1\n"), counter + "a_total{x=\"\\q\"} 1\n",
        counter + "a_total 1\n# EOF\n"}) {
    EXPECT_FALSE(read_metrics(text).is_valid()) << text;
  }
}

TEST(Prometheus, finds_histograms_that_do_not_agree) {
  for (const std::string rest :
       {"h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n", "h_bucket{le=\"+Inf\"} 1\nh_sum 1\n",
        "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        "h_bucket 1\nh_sum 1\nh_count 1\n"}) {
    EXPECT_FALSE(read_metrics(histogram + rest).is_valid()) << rest;
  }
}

TEST(Prometheus, knows_the_end_and_the_names_of_OpenMetrics) {
  const std::string open = "# HELP a Text.\n# TYPE a counter\na_total 1\n";
  EXPECT_EQ(read_metrics(open + "# EOF\n", MetricsText::open_metrics).fault, "");
  EXPECT_FALSE(read_metrics(open, MetricsText::open_metrics).is_valid());
  EXPECT_FALSE(read_metrics(open + "# EOF\na_total 2\n", MetricsText::open_metrics).is_valid());
  EXPECT_FALSE(read_metrics(counter + "a_total 1\n# EOF\n", MetricsText::open_metrics).is_valid());
}

}  // namespace
}  // namespace test_support
