"""unittest as from the command line, which also notes each test that passed or was skipped in the file RESULTS."""

import os
import unittest


class Result(unittest.TextTestResult):
    def note(self, test, why=""):
        with open(os.environ["RESULTS"], "a", encoding="utf-8") as file:
            file.write(f"{test.id()}\t{why}\n")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "known to fail")


if __name__ == "__main__":
    unittest.main(module=None, testRunner=unittest.TextTestRunner(resultclass=Result))
