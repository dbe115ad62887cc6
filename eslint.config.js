import js from '@eslint/js'
import comments from '@eslint-community/eslint-plugin-eslint-comments/configs'
import tseslint from 'typescript-eslint'

const bareBoolean = {
  selector: ':matches(CallExpression, NewExpression) > Literal.arguments[raw=/^(true|false)$/]',
  message: 'a bare true/false says nothing at the call: pass a named union or an object',
}
const wallClock = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'time is an argument: take `now: UnixSeconds`, or a Clock in a loop',
  },
]
// V8 of Node 20 makes a hidden class for each such object, and all that reads it misses its caches.
const leadingSpread = {
  selector: 'ObjectExpression > SpreadElement:first-child:not(:last-child)',
  message: 'on the way to a certificate an object is spread last, or its members are named',
}
const ambient = [
  { object: 'Date', property: 'now', message: 'time is an argument: take `now: UnixSeconds`' },
  {
    object: 'Math',
    property: 'random',
    message: 'take randomBytes (or a jitter function) as an argument',
  },
  {
    object: 'process',
    property: 'env',
    message: 'only main.ts reads the environment: take what you need as an option',
  },
  {
    object: 'process',
    property: 'exit',
    message: 'only main.ts ends the process: throw, or return an exit code',
  },
]

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.capstan/', 'test/fixtures/'] },
  js.configs.recommended,
  comments.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-restricted-properties': ['error', ...ambient],
      'no-restricted-syntax': ['error', ...wallClock, bareBoolean],
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // `import { type A }` still loads the module: a command would load half the server for a type.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, varsIgnorePattern: '^_', argsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@eslint-community/eslint-comments/require-description': 'error',
    },
  },
  {
    files: ['src/main.ts', 'src/system.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-syntax': ['error', bareBoolean] },
  },
  {
    files: [
      'src/{core,csr,ca,tokenreview,attestation,issuance}/**/*.ts',
      'src/server/grpc/**/*.ts',
    ],
    rules: {
      'no-restricted-syntax': ['error', ...wallClock, bareBoolean, leadingSpread],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
      'max-lines': 'off',
      // The Key usage flags of @peculiar/x509 are or-ed; sockets and key objects come from Node's own makers.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        URL: 'readonly',
        AbortController: 'readonly',
        Buffer: 'readonly',
        crypto: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        Atomics: 'readonly',
        SharedArrayBuffer: 'readonly',
        performance: 'readonly',
      },
    },
  },
)
