#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "common/models/bg_nbd.h"
#include "gtest/gtest.h"

// The CDNOW data set (Fader, Hardie), where it lies beside the repository; the build says where.
#ifdef CDNOW
#define SKIP_WITHOUT_CDNOW() static_cast<void>(0)
#else
#define CDNOW ""
#define SKIP_WITHOUT_CDNOW() GTEST_SKIP() << "../shared/data/cdnow is not there"
#endif

namespace campaign::models {

inline std::ifstream OpenCdnow(const std::string& name) {
  std::ifstream file(std::string(CDNOW) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  return file;
}

// The 2,357 customers' calibration period of 39 weeks, in weeks, as published.
inline std::vector<PurchaseHistory> CdnowHistories() {
  std::ifstream file = OpenCdnow("cdnow_customers_summary.csv");
  std::vector<PurchaseHistory> histories;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    PurchaseHistory history;
    EXPECT_TRUE(absl::SimpleAtoi(cells.at(1), &history.repeats) && absl::SimpleAtod(cells.at(2), &history.recency) &&
                absl::SimpleAtod(cells.at(3), &history.age))
        << line;
    histories.push_back(history);
  }
  return histories;
}

// A customer's days with purchases, and what was spent on each.
using CdnowDays = std::map<absl::CivilDay, double>;

// All 78 weeks, by customer, in the order of CdnowHistories.
inline std::map<int, CdnowDays> CdnowCustomers() {
  std::ifstream file = OpenCdnow("CDNOW_sample.txt");
  std::map<int, CdnowDays> customers;
  int id, sample_id, date, units;
  double dollars;
  while (file >> id >> sample_id >> date >> units >> dollars) {
    customers[sample_id][absl::CivilDay(date / 10000, date / 100 % 100, date % 100)] += dollars;
  }
  return customers;
}

}  // namespace campaign::models
