package brooklet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Notes each test that passed, or was left out and why, in the file RESULTS. Surefire's own reports do not say with which
 * protocol a class was run.
 */
public final class Report implements TestExecutionListener {
    private TestPlan plan;

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        this.plan = plan;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (!test.isTest() || result.getStatus() == Status.FAILED) return;
        String why = result.getThrowable().map(t -> t.getMessage().replace("Assumption failed: ", "")).orElse("");
        note(name(test) + "\t" + why);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        note(name(test) + "\t" + reason);
    }

    private String name(TestIdentifier test) {
        String above = plan.getParent(test).filter(parent -> parent.getParentId().isPresent()).map(this::name).orElse("");
        return above + "/" + test.getDisplayName();
    }

    private static void note(String line) {
        try {
            Files.writeString(Path.of(System.getenv("RESULTS")), line.substring(1) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
