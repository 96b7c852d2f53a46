package com.cloudshelf.cart.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results: a table of all measurements, and a chart of those that compare with the peers. */
final class Results {
    private record Row(
            String target, String what, String store, String raw, String enhanced, String wanted, String met) {}

    private record Bar(String what, double raw, double enhanced) {}

    private static final int LABELS = 330;
    private static final int UNIT = 360;
    private static final double LONGEST = 1.25;
    private static final int STEP = 40;

    private final List<Row> rows = new ArrayList<>();
    private final List<Bar> bars = new ArrayList<>();

    /** Adds a row without a target. */
    void add(String what, String store, String raw, String enhanced) {
        rows.add(new Row("", what, store, raw, enhanced, "", ""));
    }

    void add(int target, String what, String store, String raw, String enhanced, String wanted, boolean met) {
        rows.add(new Row(Integer.toString(target), what, store, raw, enhanced, wanted, met ? "yes" : "**no**"));
    }

    /** Adds two bars to the chart: the cost of the store relative to each peer. */
    void draw(String what, double ofRaw, double ofEnhanced) {
        bars.add(new Bar(what, ofRaw, ofEnhanced));
    }

    /** Adds one bar: the cost of the store relative to raw. */
    void draw(String what, double ofRaw) {
        bars.add(new Bar(what, ofRaw, Double.NaN));
    }

    String table() {
        StringBuilder table = new StringBuilder(
                "| target | | store | raw | enhanced | wanted | met |\n|---|---|---|---|---|---|---|\n");
        for (Row row : rows) {
            table.append(String.join(
                            " | ",
                            "| " + row.target,
                            row.what,
                            row.store,
                            row.raw,
                            row.enhanced,
                            row.wanted,
                            row.met + " |"))
                    .append('\n');
        }
        return table.toString();
    }

    String picture() {
        int height = 60 + bars.size() * STEP;
        StringBuilder svg = new StringBuilder();
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"13\">%n",
                LABELS + (int) (UNIT * LONGEST) + 60, height));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        svg.append(text(10, 22, "The store relative to its peers; shorter is better", "bold"));
        svg.append(format("<rect x=\"%d\" y=\"10\" width=\"14\" height=\"14\" fill=\"#2a6f97\"/>%n", LABELS + 140));
        svg.append(text(LABELS + 160, 22, "of raw", "normal"));
        svg.append(format("<rect x=\"%d\" y=\"10\" width=\"14\" height=\"14\" fill=\"#e09f3e\"/>%n", LABELS + 240));
        svg.append(text(LABELS + 260, 22, "of enhanced", "normal"));
        int y = 40;
        for (Bar bar : bars) {
            svg.append(text(10, y + 20, bar.what, "normal"));
            svg.append(bar(y, bar.raw, "#2a6f97"));
            if (!Double.isNaN(bar.enhanced)) {
                svg.append(bar(y + 15, bar.enhanced, "#e09f3e"));
            }
            y += STEP;
        }
        svg.append(format(
                "<line x1=\"%1$d\" x2=\"%1$d\" y1=\"34\" y2=\"%2$d\" stroke=\"black\" stroke-dasharray=\"4 3\"/>%n",
                LABELS + UNIT, height - 18));
        svg.append(text(LABELS + UNIT - 4, height - 4, "1", "normal"));
        return svg.append("</svg>\n").toString();
    }

    private static String bar(int y, double ratio, String color) {
        double length = UNIT * Math.min(ratio, LONGEST);
        return format("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>%n", LABELS, y, length, color)
                + text(LABELS + (int) length + 5, y + 12, ratio(ratio), "normal");
    }

    private static String text(int x, int y, String text, String weight) {
        return format("<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>%n", x, y, weight, text);
    }

    static String ratio(double ratio) {
        return format(ratio < 0.1 ? "%.3f" : "%.2f", ratio);
    }

    /** Formats independently of the machine's locale. */
    static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format.replace("%n", "\n"), arguments);
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
