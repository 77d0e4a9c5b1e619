// Tables as aligned Markdown, which reads well on a terminal too.
#pragma once

#include <string>
#include <vector>

namespace nic::bench {

class Table {
 public:
  // Columns whose title begins with '<' are aligned to the left; the rest to the right.
  explicit Table(std::vector<std::string> titles);

  // As many cells as there are titles.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string Text() const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> left_;
  std::vector<std::vector<std::string>> rows_;
};

// A number with that many decimals; "n/a" for NaN, "inf" for infinity.
std::string Fixed(double value, int decimals);
// A BD-rate such as "-52.31 %"; "n/a" for NaN.
std::string Percent(double value);

}  // namespace nic::bench
