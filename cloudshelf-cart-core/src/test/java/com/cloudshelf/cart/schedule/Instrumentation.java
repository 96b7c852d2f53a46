package com.cloudshelf.cart.schedule;

import static org.objectweb.asm.Opcodes.ACC_PRIVATE;
import static org.objectweb.asm.Opcodes.ACC_STATIC;
import static org.objectweb.asm.Opcodes.ACC_SYNCHRONIZED;
import static org.objectweb.asm.Opcodes.ACC_SYNTHETIC;
import static org.objectweb.asm.Opcodes.ACC_VOLATILE;
import static org.objectweb.asm.Opcodes.ALOAD;
import static org.objectweb.asm.Opcodes.ASM9;
import static org.objectweb.asm.Opcodes.ATHROW;
import static org.objectweb.asm.Opcodes.F_SAME1;
import static org.objectweb.asm.Opcodes.ILOAD;
import static org.objectweb.asm.Opcodes.INVOKESPECIAL;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.IRETURN;
import static org.objectweb.asm.Opcodes.MONITORENTER;
import static org.objectweb.asm.Opcodes.MONITOREXIT;

import java.util.HashSet;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Type;

/**
 * Inserts the points of a {@link Schedule} into a class: before each access to a volatile field or to an object that
 * threads share, and in place of monitors.
 *
 * <p>Other fields get no points. If they are not guarded correctly, the results show it.
 */
final class Instrumentation extends ClassVisitor {
    private static final String SCHEDULE = Type.getInternalName(Schedule.class);
    private static final String CONCURRENT = "java/util/concurrent/";
    private static final Set<String> COLLECTIONS = Set.of("java/util/Map", "java/util/Set");
    private static final String TIMED = "(JLjava/util/concurrent/TimeUnit;)";

    private final Set<String> volatiles = new HashSet<>();
    private String name = "";

    private Instrumentation(ClassVisitor to) {
        super(ASM9, to);
    }

    static byte[] of(byte[] code) {
        ClassReader reader = new ClassReader(code);
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        Instrumentation instrumentation = new Instrumentation(writer);
        reader.accept(
                new ClassVisitor(ASM9) {
                    @Override
                    public FieldVisitor visitField(int access, String name, String type, String generic, Object value) {
                        if ((access & ACC_VOLATILE) != 0) {
                            instrumentation.volatiles.add(name);
                        }
                        return null;
                    }
                },
                ClassReader.SKIP_CODE);
        reader.accept(instrumentation, 0);
        return writer.toByteArray();
    }

    @Override
    public void visit(int version, int access, String name, String generic, String parent, String[] interfaces) {
        this.name = name;
        super.visit(version, access, name, generic, parent, interfaces);
    }

    @Override
    public MethodVisitor visitMethod(int access, String method, String type, String generic, String[] thrown) {
        String where = name.substring(name.lastIndexOf('/') + 1) + '.' + method;
        if ((access & ACC_SYNCHRONIZED) == 0) {
            return new Points(where, super.visitMethod(access, method, type, generic, thrown));
        }
        if ((access & ACC_STATIC) != 0) {
            throw new IllegalArgumentException(
                    "a static synchronized method, which schedules do not support: " + where);
        }
        String inner = method + "$locked";
        writeLocking(super.visitMethod(access & ~ACC_SYNCHRONIZED, method, type, generic, thrown), inner, type, where);
        return new Points(where, super.visitMethod(ACC_PRIVATE | ACC_SYNTHETIC, inner, type, generic, thrown));
    }

    private void writeLocking(MethodVisitor to, String inner, String type, String where) {
        Label begin = new Label();
        Label end = new Label();
        Label handler = new Label();
        to.visitCode();
        to.visitTryCatchBlock(begin, end, handler, null);
        to.visitVarInsn(ALOAD, 0);
        to.visitLdcInsn(where);
        to.visitMethodInsn(INVOKESTATIC, SCHEDULE, "enter", "(Ljava/lang/Object;Ljava/lang/String;)V", false);
        to.visitLabel(begin);
        to.visitVarInsn(ALOAD, 0);
        int local = 1;
        for (Type argument : Type.getArgumentTypes(type)) {
            to.visitVarInsn(argument.getOpcode(ILOAD), local);
            local += argument.getSize();
        }
        to.visitMethodInsn(INVOKESPECIAL, name, inner, type, false);
        to.visitLabel(end);
        writeExit(to);
        to.visitInsn(Type.getReturnType(type).getOpcode(IRETURN));
        to.visitLabel(handler);
        to.visitFrame(F_SAME1, 0, null, 1, new Object[] {"java/lang/Throwable"});
        writeExit(to);
        to.visitInsn(ATHROW);
        to.visitMaxs(0, 0);
        to.visitEnd();
    }

    private static void writeExit(MethodVisitor to) {
        to.visitVarInsn(ALOAD, 0);
        to.visitMethodInsn(INVOKESTATIC, SCHEDULE, "exit", "(Ljava/lang/Object;)V", false);
    }

    private final class Points extends MethodVisitor {
        private final String where;

        Points(String where, MethodVisitor to) {
            super(ASM9, to);
            this.where = where;
        }

        private void call(String method, String what) {
            super.visitLdcInsn(where + ", " + what);
            super.visitMethodInsn(INVOKESTATIC, SCHEDULE, method, "(Ljava/lang/String;)V", false);
        }

        @Override
        public void visitInsn(int code) {
            if (code == MONITORENTER) {
                super.visitLdcInsn(where + ", synchronized");
                super.visitMethodInsn(
                        INVOKESTATIC, SCHEDULE, "enter", "(Ljava/lang/Object;Ljava/lang/String;)V", false);
            } else if (code == MONITOREXIT) {
                super.visitMethodInsn(INVOKESTATIC, SCHEDULE, "exit", "(Ljava/lang/Object;)V", false);
            } else {
                super.visitInsn(code);
            }
        }

        @Override
        public void visitFieldInsn(int code, String owner, String field, String type) {
            if (owner.equals(name) && volatiles.contains(field)) {
                call("point", field);
            }
            super.visitFieldInsn(code, owner, field, type);
        }

        @Override
        public void visitMethodInsn(int code, String owner, String method, String type, boolean ofInterface) {
            String what = owner.substring(owner.lastIndexOf('/') + 1) + '.' + method;
            if (type.startsWith(TIMED)
                    && owner.startsWith(CONCURRENT)
                    && (method.equals("get") || method.equals("await"))) {
                call("point", what);
                super.visitMethodInsn(INVOKESTATIC, SCHEDULE, method, "(L" + owner + ";" + type.substring(1), false);
            } else if (COLLECTIONS.contains(owner) && method.startsWith("compute")) {
                call("shield", what);
                super.visitMethodInsn(code, owner, method, type, ofInterface);
                super.visitMethodInsn(INVOKESTATIC, SCHEDULE, "unshield", "()V", false);
            } else {
                if (COLLECTIONS.contains(owner) && code != INVOKESTATIC) {
                    call("guardedPoint", what);
                } else if (owner.startsWith(CONCURRENT) && code != INVOKESPECIAL && code != INVOKESTATIC) {
                    call("point", what);
                }
                super.visitMethodInsn(code, owner, method, type, ofInterface);
            }
        }
    }
}
