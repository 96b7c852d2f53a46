package com.cloudshelf.cart.benchmark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A chart of latencies by percentile, with one line for each contender. Both axes are logarithmic. */
final class Percentiles {
    private static final int LEFT = 70;
    private static final int TOP = 50;
    private static final int WIDTH = 560;
    private static final int HEIGHT = 300;

    /** The axes end at 99.9 % and at 10 s. */
    private static final double NINES = 3;

    private static final double DECADES = 4;
    private static final List<String> COLORS = List.of("#2a6f97", "#e09f3e", "#9e2a2b");

    private final String title;
    private final Map<String, List<Double>> contenders = new LinkedHashMap<>();

    Percentiles(String title) {
        this.title = title;
    }

    /** Adds the latencies of one contender, in milliseconds, the shortest first. */
    void add(String contender, List<Double> sorted) {
        contenders.put(contender, sorted);
    }

    String picture() {
        StringBuilder svg = new StringBuilder(Results.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">%n",
                LEFT + WIDTH + 30, TOP + HEIGHT + 60));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n").append(text(10, 22, "start", title));
        for (int decade = 0; decade <= DECADES; decade++) {
            double y = y(Math.pow(10, decade));
            svg.append(line(LEFT, y, LEFT + WIDTH, y))
                    .append(text(LEFT - 8, y + 4, "end", Results.format("%.0f ms", Math.pow(10, decade))));
        }
        for (double percentile : new double[] {0, 50, 90, 99, 99.9}) {
            double x = x(percentile / 100);
            svg.append(line(x, TOP, x, TOP + HEIGHT))
                    .append(text(x, TOP + HEIGHT + 18, "middle", percentile == 0 ? "0" : "p" + trimmed(percentile)));
        }
        int number = 0;
        for (Map.Entry<String, List<Double>> contender : contenders.entrySet()) {
            String color = COLORS.get(number);
            int legend = LEFT + number * 190;
            svg.append(curve(contender.getValue(), color))
                    .append(Results.format(
                            "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>%n",
                            legend, TOP + HEIGHT + 40, color))
                    .append(text(legend + 20, TOP + HEIGHT + 46, "start", contender.getKey()));
            number++;
        }
        return svg.append("</svg>\n").toString();
    }

    private static String curve(List<Double> sorted, String color) {
        StringBuilder points = new StringBuilder();
        for (double nines = 0; nines <= NINES; nines += 0.02) {
            double share = 1 - Math.pow(10, -nines);
            double millis = sorted.get((int) (share * (sorted.size() - 1)));
            points.append(Results.format("%.1f,%.1f ", x(share), y(millis)));
        }
        return Results.format(
                "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2.5\" points=\"%s\"/>%n",
                color, points.toString().trim());
    }

    private static double x(double share) {
        return LEFT + WIDTH * -Math.log10(1 - share) / NINES;
    }

    private static double y(double millis) {
        double decades = Math.min(DECADES, Math.max(0, Math.log10(millis)));
        return TOP + HEIGHT - HEIGHT * decades / DECADES;
    }

    private static String trimmed(double number) {
        return number == Math.rint(number) ? Integer.toString((int) number) : Double.toString(number);
    }

    private static String line(double fromX, double fromY, double toX, double toY) {
        return Results.format(
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ccc\"/>%n", fromX, fromY, toX, toY);
    }

    private static String text(double x, double y, String anchor, String words) {
        return Results.format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, words);
    }
}
