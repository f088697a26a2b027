// Runs every case of cases/ at every split.
//
// The parsers promise to behave like an automaton over bytes. So each case is parsed in one piece,
// byte by byte, and cut in two at every place; the bytes are moved to a new heap block of exactly
// their size before each call, so that AddressSanitizer sees a read beyond their end and a view of
// where they were. All ways must agree with the case, and with each other in every fact.
#include "tests/parser/cases.h"

#include <algorithm>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "parser/chunked.h"
#include "parser/parse.h"

namespace cases {

// What the list of tests shows of a case.
void PrintTo(const Case& one, std::ostream* out) { *out << one.place; }

}  // namespace cases

namespace {

using cases::Case;
using cases::Kind;
using http1::Progress;
using Facts = std::map<std::string, std::string>;

struct Outcome {
  Progress progress = Progress::more;
  http1::Error error = http1::Error::none;
  std::size_t end = 0;  // of an accepted message, or where it failed
  Facts facts;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  constexpr const char* names[] = {"done", "more", "failed"};
  out << names[static_cast<int>(outcome.progress)] << ' ' << name_of(outcome.error) << " at "
      << outcome.end;
  for (const auto& [name, value] : outcome.facts) out << ' ' << name << '=' << value;
  return out;
}

std::string text_of(http1::Body body) {
  switch (body.kind) {
    case http1::BodyKind::none: return "none";
    case http1::BodyKind::length: return std::to_string(body.length);
    case http1::BodyKind::chunked: return "chunked";
    case http1::BodyKind::until_close: return "until-close";
  }
  return "";
}

Facts facts_of(const http1::Head& head) {
  Facts facts = {
      {"version", std::string(text_of(head.version()))},
      {"body", text_of(head.body())},
      {"keep-alive", head.keep_alive() ? "yes" : "no"},
      {"fields", std::to_string(head.field_count())},
  };
  for (const http1::Field field : head.fields()) {
    facts["field:" + std::string(field.name)] = std::string(field.value);
  }
  return facts;
}

Facts facts_of(const http1::RequestHead& head) {
  constexpr const char* forms[] = {"origin", "absolute", "authority", "asterisk"};
  constexpr const char* expectations[] = {"none", "continue", "unsupported"};
  Facts facts = facts_of(static_cast<const http1::Head&>(head));
  facts["method"] = std::string(head.method_text());
  facts["known"] = head.method() == http1::Method::unknown ? "no" : "yes";
  facts["target"] = std::string(head.target());
  facts["form"] = forms[static_cast<int>(head.target_form())];
  facts["path"] = std::string(head.path());
  facts["query"] = head.has_query() ? std::string(head.query()) : "(none)";
  facts["authority"] = std::string(head.authority());
  facts["expect"] = expectations[static_cast<int>(head.expectation())];
  return facts;
}

Facts facts_of(const http1::ResponseHead& head) {
  Facts facts = facts_of(static_cast<const http1::Head&>(head));
  facts["status"] = std::to_string(head.status());
  facts["class"] = std::to_string(head.status_class());
  facts["reason"] = std::string(head.reason());
  facts["space-missing"] = head.reason_space_missing() ? "yes" : "no";
  return facts;
}

// One head that is parsed from growing bytes.
template <class Head>
class HeadRun {
 public:
  explicit HeadRun(const Case& one) : case_(one) {}

  Outcome give(std::string_view so_far) {
    auto moved = std::make_unique<char[]>(so_far.size());
    std::copy(so_far.begin(), so_far.end(), moved.get());
    const std::string_view bytes(moved.get(), so_far.size());
    Outcome outcome;
    outcome.progress = parse(bytes, head_);
    block_ = std::move(moved);  // the old place is gone
    outcome.error = head_.failure().error;
    if (outcome.progress == Progress::failed) outcome.end = head_.failure().offset;
    if (outcome.progress != Progress::done) return outcome;
    outcome.end = head_.size();
    outcome.facts = facts_of(head_);
    return outcome;
  }

 private:
  Progress parse(std::string_view bytes, http1::RequestHead& head) {
    return http1::parse_request(bytes, head, case_.limits);
  }
  Progress parse(std::string_view bytes, http1::ResponseHead& head) {
    return http1::parse_response(bytes, head, case_.request_method, case_.limits);
  }

  const Case& case_;
  Head head_;
  std::unique_ptr<char[]> block_;
};

// One body that is decoded from pieces.
class BodyRun {
 public:
  explicit BodyRun(const Case& one) : decoder_(one.limits) {}

  Outcome give(std::string_view so_far) {
    const std::size_t size = so_far.size() - given_;
    auto piece = std::make_unique<char[]>(size);
    std::copy_n(so_far.data() + given_, size, piece.get());
    given_ = so_far.size();
    const http1::ChunkedDecoder::Result result = decoder_.decode(piece.get(), size);
    data_.append(piece.get(), result.data);
    used_ += result.used;
    Outcome outcome{result.progress, result.failure.error, 0, {}};
    if (result.progress == Progress::failed) outcome.end = result.failure.offset;
    if (result.progress != Progress::done) return outcome;
    outcome.end = used_;
    outcome.facts["data"] = data_;
    return outcome;
  }

 private:
  http1::ChunkedDecoder decoder_;
  std::string data_;
  std::size_t given_ = 0;
  std::size_t used_ = 0;
};

template <class Run>
Outcome run_as(const Case& one, const std::vector<std::size_t>& ends) {
  Run state(one);
  Outcome outcome;
  for (const std::size_t end : ends)
    outcome = state.give(std::string_view(one.bytes).substr(0, end));
  return outcome;
}

Outcome run(const Case& one, const std::vector<std::size_t>& ends) {
  switch (one.kind) {
    case Kind::request: return run_as<HeadRun<http1::RequestHead>>(one, ends);
    case Kind::response: return run_as<HeadRun<http1::ResponseHead>>(one, ends);
    case Kind::chunked: return run_as<BodyRun>(one, ends);
  }
  return {};
}

// Every place to cut; of long cases the ones near the ends and the mark, and some between.
std::set<std::size_t> cuts_of(const Case& one) {
  const std::size_t size = one.bytes.size();
  const std::size_t mark = one.mark.value_or(size);
  std::set<std::size_t> cuts;
  for (std::size_t at = 1; at < size; ++at) {
    const std::size_t from_mark = at > mark ? at - mark : mark - at;
    const bool near = at < 64 || size - at < 64 || from_mark < 64;
    if (size < 1024 || near || at % 499 == 0) cuts.insert(at);
  }
  return cuts;
}

// Byte by byte, over the places where something is decided; quadratic, so long cases skip between.
std::vector<std::size_t> steps_of(const Case& one) {
  const std::set<std::size_t> cuts = cuts_of(one);
  std::vector<std::size_t> steps(cuts.begin(), cuts.end());
  steps.push_back(one.bytes.size());
  return steps;
}

std::vector<Case> all_cases() { return cases::load(PARSER_CASES_DIR); }

// Before its last byte a case is undecided; after it, it stays decided, whatever follows.
void expect_decided_by_its_last_byte(const Case& one, const Outcome& whole) {
  const bool is_failure = whole.progress == Progress::failed;
  const std::size_t last = whole.end + (is_failure ? 1 : 0);
  const std::size_t needed = whole.progress == Progress::more ? one.bytes.size() + 1 : last;
  for (const std::size_t cut : cuts_of(one)) {
    const Outcome part = run(one, std::vector<std::size_t>{cut});
    const Outcome expected = cut < needed ? Outcome() : whole;
    EXPECT_EQ(part, expected) << "at " << cut;
  }
}

class Cases : public testing::TestWithParam<Case> {};

TEST_P(Cases, agree_at_every_split) {
  const Case& one = GetParam();
  SCOPED_TRACE(one.place + " (" + one.rfc + ") " + one.sentence);
  const std::size_t size = one.bytes.size();
  const Outcome whole = run(one, std::vector<std::size_t>{size});
  EXPECT_EQ(whole.progress, one.progress) << whole;
  EXPECT_EQ(name_of(whole.error), name_of(one.error));
  if (one.progress != Progress::more) {
    EXPECT_EQ(whole.end, one.mark.value_or(size));
  }
  for (const auto& [name, value] : one.facts) {
    EXPECT_EQ(whole.facts.contains(name) ? whole.facts.at(name) : "(absent)", value) << name;
  }
  EXPECT_EQ(run(one, steps_of(one)), whole) << "byte by byte";
  for (const std::size_t cut : cuts_of(one)) {
    EXPECT_EQ(run(one, std::vector<std::size_t>{cut, size}), whole) << "cut at " << cut;
  }
  expect_decided_by_its_last_byte(one, whole);
}

std::string name_of_test(const testing::TestParamInfo<Case>& tested) {
  return cases::slug(tested.param.sentence);
}

INSTANTIATE_TEST_SUITE_P(Each, Cases, testing::ValuesIn(all_cases()), name_of_test);

TEST(CaseFiles, have_a_case_for_every_error_of_parsers) {
  std::set<http1::Error> missing;
  for (std::size_t at = 1; at < http1::error_count; ++at) {
    const auto error = static_cast<http1::Error>(at);
    // Those from path_not_absolute on belong to target.h, and target_test.cc covers them.
    if (error < http1::Error::path_not_absolute) missing.insert(error);
  }
  for (const Case& one : all_cases()) missing.erase(one.error);
  for (const http1::Error error : missing) ADD_FAILURE() << name_of(error) << " has no case";
}

}  // namespace
