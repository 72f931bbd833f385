#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace campaign::testing {

// A folder that is removed with the object.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "campaign-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "mkdtemp failed for " << pattern;
    path_ = pattern;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  // `name` inside the folder.
  std::string File(absl::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A message from its text format; a mistake in it fails the test.
template <class Message>
Message ParseProto(absl::string_view text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(text), &message)) << text;
  return message;
}

// "2026-06-15 12:00:00", UTC.
inline absl::Time Utc(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, &time, &error)) << error;
  return time;
}

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

// Matches an OK absl::Status or absl::StatusOr.
MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).ok();
}

// Matches a status with this code whose message holds `text`.
MATCHER_P2(StatusIs, code, text, "") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).code() == code && StatusOf(arg).message().find(text) != absl::string_view::npos;
}

}  // namespace campaign::testing

#define ASSERT_OK(expression) ASSERT_THAT(expression, ::campaign::testing::IsOk())
#define EXPECT_OK(expression) EXPECT_THAT(expression, ::campaign::testing::IsOk())
// Declares or assigns `declaration` from an absl::StatusOr, or ends the test.
#define ASSERT_OK_AND_ASSIGN(declaration, expression) \
  ASSERT_OK_AND_ASSIGN_NAMED(STATUS_CONCAT(test_status_or_, __LINE__), declaration, expression)
#define ASSERT_OK_AND_ASSIGN_NAMED(name, declaration, expression) \
  auto name = (expression);                                       \
  ASSERT_THAT(name, ::campaign::testing::IsOk());                 \
  declaration = *std::move(name)
