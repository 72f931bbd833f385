#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/reason.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"

namespace campaign::ctl {

// A table with a header and aligned columns, for people. Cells are made printable.
class Table {
 public:
  enum Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Columns two spaces apart, no trailing spaces, a line feed after every line.
  std::string ToString() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "1,234,567".
std::string FormatCount(int64_t count);

// "1,234.50 EUR", with the currency's own number of decimals.
std::string FormatMoney(int64_t minor_units, absl::string_view currency_code);

// "2026-06-15 12:00:00 UTC"; "-" where it is not set.
std::string FormatTime(const google::protobuf::Timestamp& time);

// "12.3 ms".
std::string FormatMilliseconds(absl::Duration duration);

// "25 %" of basis points, "12.5 %".
std::string FormatBasisPoints(int64_t basis_points);

// "12.5 %" of a part of a whole; "-" where the whole is zero.
std::string FormatShare(int64_t part, int64_t whole);

// "30d", "1d12h", "45s".
std::string FormatDuration(const google::protobuf::Duration& duration);

// "CODE: text (name value, name value)"; the facts only with `with_facts`.
std::string FormatReason(const v1::Reason& reason, bool with_facts = false);

// Codes or texts of reasons on one line, "; " between them.
std::string FormatReasons(const google::protobuf::RepeatedPtrField<v1::Reason>& reasons);

// Each line of `text`, made printable, with `prefix` before it and a line feed after it.
std::string Indent(absl::string_view text, absl::string_view prefix);

// Protobuf JSON with every field, indented or on one line; ends in a line feed.
std::string ToJson(const google::protobuf::Message& message, bool indented = true);

}  // namespace campaign::ctl
