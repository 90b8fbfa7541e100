/*
 * Scores the rows of a tab-separated file, and prints a probability a line, as `deepcross predict` does. For Java 22 or newer.
 *
 *   java --enable-native-access=ALL-UNNAMED -Ddeepcross=…/libdeepcross_c.so Score.java MODEL ROWS.tsv
 */
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

public final class Score {
    private static final SymbolLookup LIBRARY =
            SymbolLookup.libraryLookup(Path.of(System.getProperty("deepcross")), Arena.global());
    // On systems of 64 bits, size_t is a long of Java.
    private static final MethodHandle LOAD = status("deepcross_model_load", ADDRESS, ADDRESS);
    private static final MethodHandle COLUMNS = status("deepcross_model_columns", ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle SESSION = status("deepcross_session_new", ADDRESS, ADDRESS);
    private static final MethodHandle SCORE =
            status("deepcross_score_rows", ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle FREE = function("deepcross_model_free", FunctionDescriptor.ofVoid(ADDRESS));
    private static final MethodHandle SESSION_FREE =
            function("deepcross_session_free", FunctionDescriptor.ofVoid(ADDRESS));
    private static final MethodHandle ERROR = function("deepcross_last_error", FunctionDescriptor.of(ADDRESS));

    private static MethodHandle function(String name, FunctionDescriptor of) {
        return Linker.nativeLinker().downcallHandle(LIBRARY.find(name).orElseThrow(), of);
    }

    /** A function that returns a status. */
    private static MethodHandle status(String name, MemoryLayout... parameters) {
        return function(name, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    private static String text(MemorySegment pointer) {
        return pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** Throws if a call failed: the text of the error belongs to this thread. */
    private static void check(int status) throws Throwable {
        if (status != 0) throw new IllegalArgumentException(text((MemorySegment) ERROR.invokeExact()));
    }

    /** The probabilities of rows, whose values are in the order of the model's columns; null is a missing value. */
    static float[] score(MemorySegment session, List<String[]> rows, int nColumns) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(ADDRESS, (long) rows.size() * nColumns);
            for (int i = 0; i < rows.size() * nColumns; i++) {
                String value = rows.get(i / nColumns)[i % nColumns];
                values.setAtIndex(ADDRESS, i, value == null ? MemorySegment.NULL : arena.allocateFrom(value));
            }
            // struct deepcross_rows: names, n_columns, n_rows, values, lengths.
            MemorySegment in = arena.allocate(40, 8);
            in.set(JAVA_LONG, 8, nColumns);
            in.set(JAVA_LONG, 16, rows.size());
            in.set(ADDRESS, 24, values);
            MemorySegment scores = arena.allocate(JAVA_FLOAT, rows.size());
            check((int) SCORE.invokeExact(session, in, 0, scores, (long) rows.size()));
            return scores.toArray(JAVA_FLOAT);
        }
    }

    public static void main(String[] arguments) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(ADDRESS), n = arena.allocate(JAVA_LONG);
            check((int) LOAD.invokeExact(arena.allocateFrom(arguments[0]), place));
            MemorySegment model = place.get(ADDRESS, 0);
            check((int) SESSION.invokeExact(model, place));
            MemorySegment session = place.get(ADDRESS, 0);
            check((int) COLUMNS.invokeExact(model, place, n));
            // struct deepcross_input_column: name, accepts, is_number, separator.
            int nColumns = (int) n.get(JAVA_LONG, 0);
            MemorySegment columns = place.get(ADDRESS, 0).reinterpret(24L * nColumns);
            List<String> names = new ArrayList<>();
            for (int i = 0; i < nColumns; i++) names.add(text(columns.get(ADDRESS, 24L * i)));

            List<String> lines = Files.readAllLines(Path.of(arguments[1]));
            List<String> header = Arrays.asList(lines.get(0).split("\t", -1));
            List<String[]> rows = new ArrayList<>();
            for (String line : lines.subList(1, lines.size())) {
                String[] fields = line.split("\t", -1);
                rows.add(names.stream().map(name -> fields[header.indexOf(name)]).toArray(String[]::new));
            }
            System.out.println("probability");
            for (float score : score(session, rows, nColumns)) {
                System.out.println(new BigDecimal(Float.toString(score)).toPlainString());
            }
            SESSION_FREE.invokeExact(session);
            FREE.invokeExact(model);
        }
    }
}
